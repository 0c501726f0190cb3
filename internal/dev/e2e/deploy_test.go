package e2e_test

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// Whatever is selected, the image has no shell and no root, the compose file
// opens nothing to the network, every image and action is pinned, and make says
// so if there is no Docker.
func TestSelections_AreContained(t *testing.T) {
	checked := map[string]bool{} // most selections have the same files
	for _, spec := range e2e.EveryTriple(t, e2e.Catalog(t)) {
		tree := e2e.Render(t, e2e.Catalog(t), spec)
		files := append(includes(t, tree["compose.yaml"]), "compose.yaml")
		for name := range tree {
			if ok, _ := path.Match("deploy/backends/*/compose.yaml", name); ok {
				files = append(files, name)
			}
			if content := name + string(tree[name]); (name == "Makefile" || path.Ext(name) == ".mk") && !checked[content] {
				checkMake(t, name, tree[name])
				checked[content] = true
			}
		}
		for _, name := range files {
			if content := name + string(tree[name]); !checked[content] {
				checkCompose(t, name, tree[name])
				checked[content] = true
			}
		}
		if backend := "deploy/backends/" + spec.Slots["backend"] + "/collector.yaml"; tree[backend] == nil {
			t.Errorf("there is no %s", backend)
		}
		checkDockerfile(t, string(tree["Dockerfile"]))
		checkCI(t, spec, tree)
		if t.Failed() {
			t.Fatalf("%v %v", spec.Slots, spec.Features)
		}
	}
}

// makeRule is a rule of a Makefile: its target, what that needs, and its recipe.
var makeRule = regexp.MustCompile(`(?m)^([a-z-]+):([^=#\n]*).*\n((?:\t.*\n)+)`)

// checkMake checks that every target that runs Docker asks for it first.
func checkMake(t *testing.T, file string, content []byte) {
	t.Helper()
	for _, rule := range makeRule.FindAllStringSubmatch(string(content), -1) {
		if rule[1] != "compose" && strings.Contains(rule[3], "docker ") && !slices.Contains(strings.Fields(rule[2]), "compose") {
			t.Errorf("%s: %s runs docker, and does not need compose", file, rule[1])
		}
	}
}

// ciFiles are what the values of the slot ci write.
var ciFiles = map[string]string{"github": ".github/workflows/ci.yaml", "gitlab": ".gitlab-ci.yml"}

// checkCI checks that all that a change has to pass is in the file of the CI
// that was chosen, and that there is no other.
func checkCI(t *testing.T, spec generator.Spec, tree generator.Tree) {
	t.Helper()
	file := ciFiles[spec.Slots["ci"]]
	for name := range tree {
		if name != file && (strings.HasPrefix(name, ".git") && strings.Contains(name, "/") || name == ".gitlab-ci.yml") {
			t.Errorf("%s is there, and CI is %s", name, spec.Slots["ci"])
		}
	}
	if file == "" {
		return
	}
	content := string(tree[file])
	wanted := []string{"govulncheck@v", "gitleaks/v8@v", "go test -race ", "go mod tidy -diff", "make lint", "make validate", "docker compose up --build ",
		"linux/amd64,linux/arm64", "rewrite-timestamp=true", "SOURCE_DATE_EPOCH=$(git log ", "cosign sign --yes "}
	if tree["deploy/postgres.yaml"] != nil {
		wanted = append(wanted, "-tags=integration", "TEST_DATABASE_URL: ", `"postgres:18.4"`)
	}
	if tree["deploy/redis.yaml"] != nil { // whose image takes no password from a variable
		wanted = append(wanted, "-tags=integration", "TEST_REDIS_URL: ", `"redis:8.10.2"`)
		if strings.Contains(content, "REDIS_PASSWORD") {
			t.Errorf("%s gives Redis a password that it does not take", file)
		}
	}
	if tree["sqlc.yaml"] != nil {
		wanted = append(wanted, "- make generate\n", "git diff --exit-code")
	}
	content = strings.ReplaceAll(content, "- run: make", "- make")
	for _, want := range wanted {
		if !strings.Contains(content, want) {
			t.Errorf("%s: no %s", file, want)
		}
	}
	var document map[string]any
	if err := yaml.Unmarshal(tree[file], &document); err != nil {
		t.Errorf("%s: %v", file, err)
	}
	checkPins(t, file, content)
	if spec.Slots["ci"] == "gitlab" {
		checkJobs(t, file, document)
	}
}

// checkJobs checks the names of GitLab's jobs: what has the name of a global keyword is none.
func checkJobs(t *testing.T, file string, document map[string]any) {
	t.Helper()
	for name, job := range document {
		if name == "default" || name == "workflow" || name == "variables" {
			continue
		}
		keys, _ := job.(map[string]any)
		if slices.Contains([]string{"after_script", "before_script", "cache", "image", "include", "pages", "services", "spec", "stages"}, name) || keys["script"] == nil {
			t.Errorf("%s: %s is not a job", file, name)
		}
	}
}

// A tag publishes what has passed everything else, and only the job that publishes may.
func TestCI_ReleasesWhatPassed(t *testing.T) {
	for _, spec := range []generator.Spec{
		{Slots: map[string]string{}},
		{Slots: map[string]string{"database": "postgres"}, Features: []string{"redis"}},
	} {
		spec.Service, spec.Module = "shop", "shop"
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				If          string
				Needs       []string
				Permissions map[string]string
			}
		}
		if err := yaml.Unmarshal(e2e.Render(t, e2e.Catalog(t), spec)[ciFiles["github"]], &workflow); err != nil {
			t.Fatal(err)
		}
		release := workflow.Jobs["release"]
		delete(workflow.Jobs, "release")
		if jobs := slices.Sorted(maps.Keys(workflow.Jobs)); !slices.Equal(slices.Sorted(slices.Values(release.Needs)), jobs) || release.If != "startsWith(github.ref, 'refs/tags/v')" {
			t.Errorf("a release needs %v, of %v, if %s", release.Needs, jobs, release.If)
		}
		if !maps.Equal(workflow.Permissions, map[string]string{"contents": "read"}) ||
			!maps.Equal(release.Permissions, map[string]string{"contents": "read", "packages": "write", "id-token": "write"}) {
			t.Errorf("permissions %v, and of a release %v", workflow.Permissions, release.Permissions)
		}
		for name, job := range workflow.Jobs {
			if job.Permissions != nil {
				t.Errorf("%s has permissions %v", name, job.Permissions)
			}
		}

		spec.Slots["ci"] = "gitlab"
		var pipeline map[string]any
		if err := yaml.Unmarshal(e2e.Render(t, e2e.Catalog(t), spec)[ciFiles["gitlab"]], &pipeline); err != nil {
			t.Fatal(err)
		}
		for name, value := range pipeline { // a stage waits for those before it, and test is where a job is that says nothing
			if job, ok := value.(map[string]any); ok && job["script"] != nil && (job["stage"] == "deploy") != (name == "release") {
				t.Errorf("%s is in the stage %v", name, job["stage"])
			}
		}
	}
}

// Each alert has a severity, a test, and a section in a file beside it that says
// what to do.
func TestAlerts_HaveARunbook(t *testing.T) {
	catalog := e2e.Catalog(t)
	seen := 0
	for _, spec := range e2e.Rich(t, catalog) {
		tree := e2e.Render(t, catalog, spec)
		for file, content := range tree {
			if path.Dir(file) != "deploy/alerts" || !strings.HasSuffix(file, "rules.yaml") {
				continue
			}
			var rules struct {
				Groups []struct {
					Rules []struct {
						Alert               string
						Labels, Annotations map[string]string
					}
				}
			}
			if err := yaml.Unmarshal(content, &rules); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, group := range rules.Groups {
				for _, rule := range group.Rules {
					if rule.Alert == "" {
						continue
					}
					seen++
					page, section, _ := strings.Cut(rule.Annotations["runbook"], "#")
					heading := "\n## " + strings.ReplaceAll(section, "-", " ") + "\n"
					if !strings.Contains(strings.ToLower(string(tree[page])), heading) {
						t.Errorf("%s: %s: there is no section %q in %q", file, rule.Alert, section, page)
					}
					if severity := rule.Labels["severity"]; severity != "page" && severity != "ticket" {
						t.Errorf("%s: %s has the severity %q", file, rule.Alert, severity)
					}
					if tests := strings.TrimSuffix(file, ".yaml") + "_test.yaml"; !strings.Contains(string(tree[tests]), "alertname: "+rule.Alert) {
						t.Errorf("%s: %s: %s does not test it", file, rule.Alert, tests)
					}
				}
			}
		}
	}
	if seen == 0 {
		t.Error("there are no alerts")
	}
}

// includes are the files that a compose file includes.
func includes(t *testing.T, content []byte) []string {
	t.Helper()
	var compose struct{ Include []string }
	if err := yaml.Unmarshal(content, &compose); err != nil {
		t.Fatalf("compose.yaml: %v\n%s", err, content)
	}
	return compose.Include
}

// capabilities are those that services need to start.
var capabilities = map[string][]string{
	"otel-collector": {"DAC_OVERRIDE"},                                        // its configuration may be nobody's to read but the developer's
	"prometheus":     {"DAC_OVERRIDE"},                                        // as the collector
	"mysql":          {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, // as postgres
	"postgres":       {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, // it sets up a volume, and leaves root
}

// checkCompose checks the services of a compose file.
func checkCompose(t *testing.T, file string, content []byte) {
	t.Helper()
	var compose struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
			DependsOn   any `yaml:"depends_on"` // a list, or a map by name
			Ports       []string
			SecurityOpt []string `yaml:"security_opt"`
			CapDrop     []string `yaml:"cap_drop"`
			CapAdd      []string `yaml:"cap_add"`
			User        string
			ReadOnly    bool   `yaml:"read_only"`
			MemLimit    string `yaml:"mem_limit"`
		}
	}
	if err := yaml.Unmarshal(content, &compose); err != nil || len(compose.Services) == 0 {
		t.Fatalf("%s: %v\n%s", file, err, content)
	}
	for name, s := range compose.Services {
		if name == "app" || name == "otel-collector" { // Go programs, which would ask a proxy for their neighbours
			exempt := strings.Split(s.Environment["NO_PROXY"], ",")
			for _, other := range names(s.DependsOn) {
				if !slices.Contains(exempt, other) {
					t.Errorf("%s: %s: a proxy is asked for %s", file, name, other)
				}
			}
		}
		if file != "compose.yaml" && name == "otel-collector" && s.Image == "" && len(s.Ports)+len(s.CapAdd) == 0 {
			continue // what a backend adds to it
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: %s: %s is open to the network", file, name, port)
			}
		}
		if name != "app" && !pinnedImage.MatchString(s.Image) {
			t.Errorf("%s: %s: %q is not pinned", file, name, s.Image)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == "" {
			t.Errorf("%s: %s: not contained", file, name)
		}
		if name != "lgtm" && (!s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"})) { // it says why
			t.Errorf("%s: %s: can write, or more", file, name)
		}
		if !slices.Equal(s.CapAdd, capabilities[name]) {
			t.Errorf("%s: %s: has capabilities %v, want %v", file, name, s.CapAdd, capabilities[name])
		}
		if name == "otel-collector" && s.User != "0:0" {
			t.Errorf("%s: %s: cannot read its configuration", file, name)
		}
		if name == "app" && len(names(s.DependsOn)) == 0 {
			t.Errorf("%s: %s: depends on nothing", file, name)
		}
		for variable, value := range s.Environment {
			if regexp.MustCompile(`PASSWORD|SECRET|TOKEN|KEY`).MatchString(variable) && !strings.HasPrefix(value, "${") {
				t.Errorf("%s: %s: %s is in the file", file, name, variable)
			}
		}
	}
}

// names are those of a list, or the keys of a map.
func names(node any) []string {
	var all []string
	switch node := node.(type) {
	case []any:
		for _, name := range node {
			all = append(all, fmt.Sprint(name))
		}
	case map[string]any:
		all = slices.Collect(maps.Keys(node))
	}
	return all
}

func checkDockerfile(t *testing.T, content string) {
	t.Helper()
	stages := strings.Split(content, "\nFROM ")
	last := stages[len(stages)-1]
	if !strings.HasPrefix(last, "gcr.io/distroless/static-debian13:nonroot\n") {
		t.Errorf("Dockerfile: the image is built from %s", last)
	}
	for _, want := range []string{"\nUSER 65532:65532\n", "\nHEALTHCHECK ", `"healthcheck"]`} {
		if !strings.Contains(last, want) {
			t.Errorf("Dockerfile: no %q in the image", want)
		}
	}
	if !strings.Contains(content, "CGO_ENABLED=0 ") {
		t.Error("Dockerfile: the binary needs a C library")
	}
}

// A service may be called like anything that an image has at its root: its binary
// is not there, and nothing of its name but the volume's directory is copied there.
func TestImage_OfAnyName(t *testing.T) {
	for _, name := range []string{"data", "dev", "etc", "home", "proc", "run", "tmp", "usr"} {
		dockerfile := string(e2e.Render(t, e2e.Catalog(t), generator.Spec{
			Service: name, Module: "example.com/" + name, Slots: map[string]string{"database": "sqlite"},
		})["Dockerfile"])
		binary := "/usr/local/bin/" + name
		var copied []string
		for _, match := range regexp.MustCompile(`(?m)^COPY .* (\S+)$`).FindAllStringSubmatch(dockerfile, -1) {
			copied = append(copied, match[1])
		}
		if !slices.Equal(copied, []string{binary, "/"}) {
			t.Errorf("%s: copied are %v", name, copied)
		}
		for _, line := range []string{`CMD ["` + binary + `", "healthcheck"]`, `ENTRYPOINT ["` + binary + `"]`} {
			if !strings.Contains(dockerfile, line+"\n") {
				t.Errorf("%s: no %s in\n%s", name, line, dockerfile)
			}
		}
	}
}

var (
	pinnedAction = regexp.MustCompile(`@[0-9a-f]{40}$`)
	pinnedImage  = regexp.MustCompile(`:v?\d+(\.\d+)+(-trixie|-alpine)?$`)
)

// checkPins checks that what a workflow takes from elsewhere cannot change.
func checkPins(t *testing.T, file, content string) {
	t.Helper()
	for key, pinned := range map[string]*regexp.Regexp{"uses": pinnedAction, "image": pinnedImage} {
		for _, match := range regexp.MustCompile(`(?m)\b`+key+`: *([^\s#]+)`).FindAllStringSubmatch(content, -1) {
			if !pinned.MatchString(strings.Trim(match[1], `"`)) {
				t.Errorf("%s: %s is not pinned", file, match[1])
			}
		}
	}
}

// What runs is closed: lifecycle ends it by that, in its turn.
func TestSelections_CloseWhatRuns(t *testing.T) {
	for _, spec := range e2e.EveryTriple(t, e2e.Catalog(t)) {
		wiring := string(e2e.Render(t, e2e.Catalog(t), spec)["cmd/shop/serve.go"])
		runs := regexp.MustCompile(`parts\.OnRun\(("[^"]+")`).FindAllStringSubmatch(wiring, -1)
		if len(runs) == 0 {
			t.Fatalf("nothing runs in\n%s", wiring)
		}
		for _, run := range runs {
			if !strings.Contains(wiring, "parts.OnClose("+run[1]) {
				t.Errorf("%v %v: %s runs, and nothing ends it", spec.Slots, spec.Features, run[1])
			}
		}
	}
}

// The parts that have work done in the background get the queue, and what that
// work uses is still there when the queue is drained at the end.
func TestWiring_TheQueueIsInItsPlace(t *testing.T) {
	serve := string(e2e.Render(t, e2e.Catalog(t), generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"database": "sqlite"}, Features: []string{"background"},
	})["cmd/shop/serve.go"])
	var places []int
	for _, call := range []string{"database.Open(", "background.New(", "receipt.New(queue, ", "order.Listen(orders, receipts)", "background.NewWorkers(queue)", "httpserver.New("} {
		places = append(places, strings.Index(serve, call))
	}
	if slices.Contains(places, -1) || !slices.IsSorted(places) {
		t.Errorf("the calls are at %v in\n%s", places, serve)
	}
}

// During a rollout, with as many pods as the autoscaler starts, the processes of a service
// have no more connections than a database server allows by default.
func TestKubernetes_FitsMaxConnections(t *testing.T) {
	for _, c := range []struct {
		database string
		features []string
		allowed  int
	}{
		{"postgres", []string{"kubernetes"}, 100 - 3}, // max_connections, less superuser_reserved_connections
		{"postgres", []string{"kubernetes", "jobs"}, 100 - 3},
		{"mysql", []string{"kubernetes"}, 151},
	} {
		tree := e2e.Render(t, e2e.Catalog(t), generator.Spec{
			Service: "shop", Module: "shop", Slots: map[string]string{"database": c.database}, Features: c.features,
		})
		setting := regexp.MustCompile(`(?m)^#? ?DATABASE_MAX_CONNS=(\d+)$`).FindSubmatch(tree[".env.example"])
		if setting == nil {
			t.Fatalf("%s: there is no DATABASE_MAX_CONNS in .env.example", c.database)
		}
		each, err := strconv.Atoi(string(setting[1]))
		if err != nil {
			t.Fatal(err)
		}
		pods, workers, migrations := processes(t, tree)
		if pods < 2 || migrations != 1 || (workers > 0) != slices.Contains(c.features, "jobs") {
			t.Fatalf("%s, %v: %d pods, %d workers, %d migrations", c.database, c.features, pods, workers, migrations)
		}
		if most := (pods+migrations)*each + workers*(each+1); most > c.allowed { // a worker listens by one more
			t.Errorf("%s, %v: %d connections, of which the server allows %d", c.database, c.features, most, c.allowed)
		}
	}
}

// processes returns how many processes of each kind the manifests start at most.
func processes(t *testing.T, tree generator.Tree) (pods, workers, migrations int) {
	t.Helper()
	for name, content := range tree {
		if path.Dir(name) != "deploy/kubernetes/base" {
			continue
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			var object struct {
				Kind     string
				Metadata struct{ Name string }
				Spec     struct {
					MaxReplicas int `yaml:"maxReplicas"`
					Replicas    int
					Strategy    struct {
						RollingUpdate struct {
							MaxSurge int `yaml:"maxSurge"`
						} `yaml:"rollingUpdate"`
					}
				}
			}
			if err := yaml.Unmarshal([]byte(document), &object); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch spec := object.Spec; object.Kind + " " + object.Metadata.Name {
			case "HorizontalPodAutoscaler shop":
				pods += spec.MaxReplicas
			case "Deployment shop":
				pods += spec.Strategy.RollingUpdate.MaxSurge
			case "Deployment shop-worker":
				workers = spec.Replicas + (spec.Replicas+3)/4 // a quarter more during a rollout, rounded up, unless it says otherwise
			case "Job shop-migrate":
				migrations = 1
			}
		}
	}
	return pods, workers, migrations
}
