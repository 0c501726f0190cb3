package project

// BeginWith is Begin with a function that is called before each change of the
// disk. Tests panic in it to kill the run: then the lock goes, as it does when a
// process ends.
func BeginWith(dir, command string, say func(string), before func(change string) error) (*Project, error) {
	p := &Project{Dir: dir, Command: command, before: before}
	defer func() {
		if r := recover(); r != nil {
			p.Close()
			panic(r)
		}
	}()
	return begin(p, say)
}
