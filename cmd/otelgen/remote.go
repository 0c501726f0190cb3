package main

import (
	"bufio"
	"bytes"
	"context"
	"net/url"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// repositoryPath returns the module path of the root of a repository, or "" if
// its address does not say. realHost returns what ssh connects to for a host of
// an address, which may be an alias of ~/.ssh/config, or "".
func repositoryPath(address string, realHost func(string) string) string {
	host, p, ssh := splitRemote(strings.TrimSpace(address))
	host, p = strings.TrimPrefix(strings.ToLower(host), "www."), strings.TrimSuffix(strings.Trim(p, "/"), ".git")
	if ssh {
		if connected := strings.ToLower(realHost(host)); domain.MatchString(connected) {
			host = connected
		}
	}
	if !domain.MatchString(host) {
		return ""
	}
	if public, ok := sshOverHTTPS[host]; ok {
		host = public
	}
	host, p = azureDevOps(host, p)
	if p := path.Join(host, p); module.CheckPath(p) == nil {
		return p
	}
	return ""
}

// splitRemote splits ssh://git@host:22/path.git, https://host/path and
// git@host:path.git. It returns no host for a path on a disk.
func splitRemote(address string) (host, p string, ssh bool) {
	if strings.Contains(address, "://") {
		u, err := url.Parse(address)
		if err != nil {
			return "", "", false
		}
		return u.Hostname(), u.Path, strings.Contains(u.Scheme, "ssh")
	}
	login, p, ok := strings.Cut(address, ":")
	if !ok || strings.Contains(login, "/") {
		return "", "", false
	}
	return login[strings.LastIndex(login, "@")+1:], p, true
}

// domain is a host name that may have a public address: its last label is like a
// top-level domain. An alias such as github.com-work is none.
var domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]+)$`)

// sshOverHTTPS has the hosts that ~/.ssh/config names where a firewall lets only
// port 443 through, with those that serve the same repositories to go get.
var sshOverHTTPS = map[string]string{
	"ssh.github.com":       "github.com",
	"altssh.gitlab.com":    "gitlab.com",
	"altssh.bitbucket.org": "bitbucket.org",
}

// azureDevOps returns the host and path by which go get finds a repository of
// Azure DevOps: https://learn.microsoft.com/azure/devops/repos/git/go-get.
func azureDevOps(host, p string) (string, string) {
	switch _, old := strings.CutSuffix(host, ".visualstudio.com"); {
	case host == "ssh.dev.azure.com" || host == "vs-ssh.visualstudio.com":
		if parts := strings.Split(p, "/"); len(parts) == 4 && parts[0] == "v3" {
			return "dev.azure.com", path.Join(parts[1], parts[2], "_git", parts[3]) + ".git"
		}
	case (host == "dev.azure.com" || old) && strings.Contains(p, "_git/"):
		return host, p + ".git"
	}
	return host, p
}

// isAzureDevOps reports whether a module path is that of a repository there.
func isAzureDevOps(modulePath string) bool { return strings.Contains(modulePath, "/_git/") }

// sshTimeout is how long ssh may take to read its configuration, which may run
// commands.
const sshTimeout = 3 * time.Second

// sshHost asks ssh what it connects to for a host. It returns "" where there is
// no ssh.
func sshHost(host string) string {
	if host == "" || host[0] == '-' {
		return "" // ssh would take it for an option
	}
	ctx, cancel := context.WithTimeout(context.Background(), sshTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", "-G", host) //nolint:gosec // no shell reads it, and it is not an option
	cmd.WaitDelay = time.Second                        // a command of the configuration may outlive ssh
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "hostname "); ok {
			return name
		}
	}
	return ""
}
