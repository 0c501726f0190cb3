package kubernetes

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// objects are those of a service, by kind.
type objects struct {
	deployment *appsv1.Deployment
	service    *corev1.Service
	account    *corev1.ServiceAccount
	config     *corev1.ConfigMap
	scaler     *autoscalingv2.HorizontalPodAutoscaler
	budget     *policyv1.PodDisruptionBudget
	network    *networkingv1.NetworkPolicy
	jobs       []*batchv1.Job
	all        []runtime.Object
}

// catalog returns the templates.
func catalog(t *testing.T) *generator.Catalog {
	t.Helper()
	c, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render generates a service with manifests.
func render(t *testing.T, c *generator.Catalog, slots map[string]string, features ...string) filesys.FileSystem {
	t.Helper()
	selection, err := generator.Resolve(c, generator.Spec{
		Service: "order-fulfilment", Module: "example.com/order-fulfilment", Slots: slots, Features: append(features, "kubernetes"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := generator.Render(selection)
	if err != nil {
		t.Fatal(err)
	}
	files := filesys.MakeFsInMemory()
	for name, content := range tree {
		if err := files.WriteFile(path.Join("/", name), content); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// overlay generates a service and builds a directory of its manifests.
func overlay(t *testing.T, dir string, slots map[string]string, features ...string) []runtime.Object {
	t.Helper()
	all, err := Build(render(t, catalog(t), slots, features...), path.Join("/deploy/kubernetes", dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// named returns those of some objects that are of a type, and have a name if it is not empty.
func named[T metav1.Object](all []runtime.Object, name string) []T {
	var found []T
	for _, object := range all {
		if object, ok := object.(T); ok && (name == "" || object.GetName() == name) {
			found = append(found, object)
		}
	}
	return found
}

// only returns the one object that is of a type, and has a name if it is not empty.
func only[T metav1.Object](t *testing.T, all []runtime.Object, name string) T {
	t.Helper()
	found := named[T](all, name)
	if len(found) != 1 {
		t.Fatalf("there are %d of %T %s", len(found), found, name)
	}
	return found[0]
}

// build generates a service and builds its production overlay.
func build(t *testing.T, slots map[string]string, features ...string) objects {
	t.Helper()
	all := overlay(t, "overlays/production", slots, features...)
	for _, object := range all {
		if namespaced := object.(metav1.Object); namespaced.GetNamespace() != "order-fulfilment" {
			t.Errorf("%T is in namespace %q", object, namespaced.GetNamespace())
		}
	}
	return objects{
		deployment: only[*appsv1.Deployment](t, all, "order-fulfilment"),
		service:    only[*corev1.Service](t, all, ""),
		account:    only[*corev1.ServiceAccount](t, all, ""),
		config:     only[*corev1.ConfigMap](t, all, ""),
		scaler:     only[*autoscalingv2.HorizontalPodAutoscaler](t, all, ""),
		budget:     only[*policyv1.PodDisruptionBudget](t, all, ""),
		network:    only[*networkingv1.NetworkPolicy](t, all, ""),
		jobs:       named[*batchv1.Job](all, ""),
		all:        all,
	}
}

// Whatever is chosen, each directory of manifests is valid, and its pods are let in by the restricted level. Each choice is made
// alone, and there are services with all that goes together.
func TestEveryChoice(t *testing.T) {
	c := catalog(t)
	var rows []generator.Choices
	complete := func(choices generator.Choices) {
		if row, ok := c.Complete(choices); ok {
			rows = append(rows, row)
		}
	}
	for _, slot := range c.Slots {
		for _, value := range slot.Values {
			complete(generator.Choices{"kubernetes": generator.On, slot.Name: value})
			rich := generator.Choices{"kubernetes": generator.On, slot.Name: value}
			for _, f := range c.Features {
				if f.Optional() && slices.Contains(c.Options(rich, f.Name), generator.On) {
					rich[f.Name] = generator.On
				}
			}
			complete(rich)
		}
	}
	for _, f := range c.Features {
		if f.Optional() {
			complete(generator.Choices{"kubernetes": generator.On, f.Name: generator.On})
		}
	}
	built := map[string]bool{} // manifests, so that the same are built once
	for _, row := range rows {
		slots, features := chosen(row)
		files := render(t, c, slots, features...)
		var manifests strings.Builder
		var dirs []string
		err := files.Walk("/deploy/kubernetes", func(name string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			// The base has no namespace, and the Operator's has a test of its own.
			if path.Base(name) == "kustomization.yaml" && path.Base(path.Dir(name)) != "base" && !strings.Contains(name, "/operator/") {
				dirs = append(dirs, path.Dir(name))
			}
			content, err := files.ReadFile(name)
			manifests.WriteString(name + string(content))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if built[manifests.String()] {
			continue
		}
		built[manifests.String()] = true
		for _, dir := range dirs {
			objects, err := Build(files, dir, nil)
			if err != nil {
				t.Errorf("%v: %s: %v", row, dir, err)
			}
			for _, object := range objects {
				if pod := podOf(object); pod != nil {
					if reasons, err := Restricted(*pod); err != nil || len(reasons) > 0 {
						t.Errorf("%v: %s: %T: %v %v", row, dir, object, err, reasons)
					}
				}
			}
		}
	}
	t.Logf("%d selections have %d different manifests", len(rows), len(built))
}

// chosen returns the slots and the features of a row.
func chosen(row generator.Choices) (slots map[string]string, features []string) {
	slots = map[string]string{}
	for name, value := range row {
		switch value {
		case generator.On:
			features = append(features, name)
		case generator.Off, generator.None:
		default:
			slots[name] = value
		}
	}
	return slots, features
}

// Pods may connect to whatever compose.yaml has the service connect to: its database, its broker.
func TestPodsReachWhatContainersDo(t *testing.T) {
	c := catalog(t)
	var rows []generator.Choices
	for _, f := range c.Features {
		choices := generator.Choices{"kubernetes": generator.On, f.Name: generator.On}
		if f.Slot != "" {
			choices = generator.Choices{"kubernetes": generator.On, f.Slot: f.Name}
		} else if !f.Optional() {
			continue
		}
		if row, ok := c.Complete(choices); ok {
			rows = append(rows, row)
		}
	}
	reached := map[string]bool{}
	for _, row := range rows {
		slots, features := chosen(row)
		files := render(t, c, slots, features...)
		content, err := files.ReadFile("/compose.yaml")
		var compose struct {
			Services struct {
				App struct {
					Environment map[string]string
					DependsOn   map[string]any `json:"depends_on"`
				}
			}
		}
		if err == nil {
			err = yaml.Unmarshal(content, &compose)
		}
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Build(files, "/deploy/kubernetes/overlays/production", nil)
		if err != nil {
			t.Fatal(err)
		}
		allowed := map[string]bool{}
		for _, rule := range only[*networkingv1.NetworkPolicy](t, objects, "").Spec.Egress {
			for _, port := range rule.Ports {
				allowed[port.Port.String()] = true
			}
		}
		for server := range compose.Services.App.DependsOn {
			address := regexp.MustCompile(`\b` + regexp.QuoteMeta(server) + `:(\d+)`)
			for name, value := range compose.Services.App.Environment {
				match := address.FindStringSubmatch(value)
				if match == nil {
					continue
				}
				if !allowed[match[1]] {
					t.Errorf("%v %v: %s is %s, and pods may not connect to port %s", slots, features, name, value, match[1])
				}
				reached[server] = true
			}
		}
	}
	for _, server := range []string{"otel-collector", "postgres", "mysql", "redis", "kafka", "nats"} {
		if !reached[server] {
			t.Errorf("no service connects to %s", server)
		}
	}
}

// podOf returns the template of an object's pods, if it has any.
func podOf(object runtime.Object) *corev1.PodTemplateSpec {
	switch object := object.(type) {
	case *appsv1.DaemonSet:
		return &object.Spec.Template
	case *appsv1.Deployment:
		return &object.Spec.Template
	case *appsv1.StatefulSet:
		return &object.Spec.Template
	case *batchv1.Job:
		return &object.Spec.Template
	}
	return nil
}

func TestManifests(t *testing.T) {
	for name, c := range map[string]struct {
		slots    map[string]string
		features []string
		jobs     [][]string
		ports    []int32 // that the service listens on
		reaches  []int32
	}{
		"default":  {ports: []int32{8080}, reaches: []int32{53, 443, 4317, 4318}},
		"postgres": {map[string]string{"database": "postgres"}, []string{"redis", "grpc"}, [][]string{{"migrate", "up"}}, []int32{8080, 9090}, []int32{53, 443, 4317, 4318, 5432, 6379}},
		"mysql":    {slots: map[string]string{"database": "mysql"}, jobs: [][]string{{"migrate", "up"}}, ports: []int32{8080}, reaches: []int32{53, 443, 3306, 4317, 4318}},
	} {
		t.Run(name, func(t *testing.T) {
			o := build(t, c.slots, c.features...)
			var ports, reaches []int32
			for _, port := range o.service.Spec.Ports {
				ports = append(ports, port.Port)
			}
			for _, rule := range o.network.Spec.Egress {
				for _, port := range rule.Ports {
					reaches = append(reaches, port.Port.IntVal)
				}
			}
			slices.Sort(ports)
			slices.Sort(reaches)
			if reaches = slices.Compact(reaches); !slices.Equal(ports, c.ports) || !slices.Equal(reaches, c.reaches) {
				t.Errorf("the service listens on %v and reaches %v, want %v and %v", ports, reaches, c.ports, c.reaches)
			}
			var jobs [][]string
			for _, job := range o.jobs {
				jobs = append(jobs, job.Spec.Template.Spec.Containers[0].Args)
				checkPods(t, o, job.Spec.Template)
			}
			if !slices.EqualFunc(jobs, c.jobs, slices.Equal) {
				t.Errorf("jobs run %v, want %v", jobs, c.jobs)
			}
			checkPods(t, o, o.deployment.Spec.Template)
			checkServer(t, o)
			checkReferences(t, o)
		})
	}
}

// checkPods checks what all pods of a service have.
func checkPods(t *testing.T, o objects, pod corev1.PodTemplateSpec) {
	t.Helper()
	container := pod.Spec.Containers[0]
	if !*container.SecurityContext.ReadOnlyRootFilesystem || *pod.Spec.AutomountServiceAccountToken || pod.Spec.ServiceAccountName != o.account.Name {
		t.Error("it can write to its image, or has a token for the API server")
	}
	if container.Image != "registry.example.com/order-fulfilment:v0.1.0" {
		t.Errorf("image %s", container.Image)
	}
	if container.EnvFrom[0].ConfigMapRef.Name != o.config.Name || container.EnvFrom[1].SecretRef.Name != "order-fulfilment" {
		t.Errorf("its configuration is in %v, want %s", container.EnvFrom, o.config.Name)
	}
	if o.config.Name == "order-fulfilment" || o.config.Data["ENVIRONMENT"] != "production" {
		t.Errorf("a change of the configuration starts no new pods, or it has another environment: %s %v", o.config.Name, o.config.Data)
	}
	known := map[string]bool{}
	for _, variable := range container.Env {
		for _, match := range regexp.MustCompile(`\$\((\w+)\)`).FindAllStringSubmatch(variable.Value, -1) {
			if !known[match[1]] {
				t.Errorf("%s refers to %s, which is not set above", variable.Name, match[1])
			}
		}
		known[variable.Name] = true
	}
	if !labels.SelectorFromSet(o.network.Spec.PodSelector.MatchLabels).Matches(labels.Set(pod.Labels)) || len(o.network.Spec.PodSelector.MatchLabels) == 0 {
		t.Error("its network is not restricted, or everybody's is")
	}
}

// checkServer checks the life of a pod that serves requests.
func checkServer(t *testing.T, o objects) {
	t.Helper()
	spec := o.deployment.Spec.Template.Spec
	container := spec.Containers[0]
	for path, probe := range map[string]*corev1.Probe{"/startupz": container.StartupProbe, "/livez": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
		if probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != "http" {
			t.Errorf("%s: %v", path, probe.HTTPGet)
		}
	}
	variables := map[string]corev1.EnvVar{}
	for _, variable := range container.Env {
		variables[variable.Name] = variable
	}
	grace, err := time.ParseDuration(variables["SHUTDOWN_GRACE"].Value)
	if err != nil {
		t.Error(err)
	}
	const shutdown, telemetry = 15 * time.Second, 6 * time.Second // the service's defaults
	needed := time.Duration(container.Lifecycle.PreStop.Sleep.Seconds)*time.Second + grace + shutdown + telemetry
	if allowed := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second; allowed < needed {
		t.Errorf("the service needs %v to end, and is killed after %v", needed, allowed)
	}
	memory := variables["GOMEMLIMIT"].ValueFrom.ResourceFieldRef.Resource
	if memory != "requests.memory" {
		t.Errorf("GOMEMLIMIT is %s", memory)
	}
	request, limit := container.Resources.Requests.Memory().Value(), container.Resources.Limits.Memory().Value()
	if percent := request * 100 / limit; percent < 85 || percent > 92 {
		t.Errorf("GOMEMLIMIT is %d %% of the limit", percent)
	}
	if container.Resources.Limits.Cpu().Sign() != 0 || container.Resources.Requests.Cpu().Sign() <= 0 {
		t.Error("CPU is limited, or there is none to compute the utilization from")
	}
	attributes := variables["OTEL_RESOURCE_ATTRIBUTES"].Value
	for _, want := range []string{"k8s.pod.name=$(POD_NAME)", "k8s.pod.uid=$(POD_UID)", "k8s.namespace.name=$(POD_NAMESPACE)", "k8s.node.name=$(NODE_NAME)", "service.namespace=", "service.instance.id="} {
		if !strings.Contains(attributes, want) {
			t.Errorf("no %s in %s", want, attributes)
		}
	}
}

// A service with durable jobs has pods that work them, and those that serve requests do not.
func TestWorker(t *testing.T) {
	o := build(t, map[string]string{"database": "postgres"}, "jobs")
	worker := only[*appsv1.Deployment](t, o.all, "order-fulfilment-worker")
	pod := worker.Spec.Template
	checkPods(t, o, pod)
	checkReferences(t, o)
	container := pod.Spec.Containers[0]
	if !slices.Equal(container.Args, []string{"worker"}) {
		t.Errorf("it runs %v", container.Args)
	}
	for path, probe := range map[string]*corev1.Probe{"/startupz": container.StartupProbe, "/livez": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
		if probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != "http" {
			t.Errorf("%s: %v", path, probe.HTTPGet)
		}
	}
	if !labels.SelectorFromSet(worker.Spec.Selector.MatchLabels).Matches(labels.Set(pod.Labels)) {
		t.Error("it is not the deployment of its pods")
	}
	for what, selector := range map[string]map[string]string{
		"the deployment": o.deployment.Spec.Selector.MatchLabels, "the service": o.service.Spec.Selector, "the budget": o.budget.Spec.Selector.MatchLabels,
	} {
		if labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)) {
			t.Errorf("%s selects workers, too", what)
		}
	}
	inProcess := corev1.EnvVar{Name: "JOBS_IN_PROCESS", Value: "false"}
	if !slices.Contains(o.deployment.Spec.Template.Spec.Containers[0].Env, inProcess) || slices.Contains(container.Env, inProcess) {
		t.Error("pods that serve requests work jobs, or workers do not")
	}
}

// checkReferences checks that objects mean each other.
func checkReferences(t *testing.T, o objects) {
	t.Helper()
	pod := labels.Set(o.deployment.Spec.Template.Labels)
	job := labels.Set{}
	if len(o.jobs) > 0 {
		job = o.jobs[0].Spec.Template.Labels
	}
	for what, selector := range map[string]map[string]string{
		"the deployment": o.deployment.Spec.Selector.MatchLabels, "the service": o.service.Spec.Selector, "the budget": o.budget.Spec.Selector.MatchLabels,
		"the spread": o.deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if selector["app.kubernetes.io/name"] != "order-fulfilment" || !labels.SelectorFromSet(selector).Matches(pod) || labels.SelectorFromSet(selector).Matches(job) {
			t.Errorf("%s selects %v, pods have %v and jobs %v", what, selector, pod, job)
		}
	}
	if o.deployment.Spec.Replicas != nil || o.scaler.Spec.ScaleTargetRef.Name != o.deployment.Name || *o.scaler.Spec.MinReplicas < 2 || o.scaler.Spec.MaxReplicas <= *o.scaler.Spec.MinReplicas {
		t.Errorf("%v scales %s, whose own number is %v", o.scaler.Spec, o.deployment.Name, o.deployment.Spec.Replicas)
	}
	if !slices.Equal(o.network.Spec.PolicyTypes, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}) {
		t.Error("not all traffic is restricted")
	}
	named := map[string]bool{}
	for _, port := range o.deployment.Spec.Template.Spec.Containers[0].Ports {
		named[port.Name] = true
	}
	for _, port := range o.service.Spec.Ports {
		if !named[port.TargetPort.StrVal] {
			t.Errorf("port %s is none of the container's", port.TargetPort.StrVal)
		}
	}
}

// The collector of each node is let in by the level that its own namespace enforces, and services reach it.
func TestCollector(t *testing.T) {
	all := overlay(t, "collector", nil)
	namespace, service := only[*corev1.Namespace](t, all, ""), only[*corev1.Service](t, all, "")
	agents := only[*appsv1.DaemonSet](t, all, "")
	if namespace.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Error(namespace.Labels)
	}
	if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(agents.Spec.Template.Labels)) || *service.Spec.InternalTrafficPolicy != corev1.ServiceInternalTrafficPolicyLocal {
		t.Errorf("%v is not for the collectors of a node", service.Spec)
	}
	endpoint := "http://" + service.Name + "." + service.Namespace + ":4318"
	for _, variable := range build(t, nil).deployment.Spec.Template.Spec.Containers[0].Env {
		if variable.Name == "OTEL_EXPORTER_OTLP_ENDPOINT" && variable.Value != endpoint {
			t.Errorf("services send to %s, and the collector is %s", variable.Value, endpoint)
		}
	}
	if tolerations := agents.Spec.Template.Spec.Tolerations; !slices.Contains(tolerations, corev1.Toleration{Operator: corev1.TolerationOpExists}) {
		t.Errorf("services on nodes with a taint have no collector: it tolerates %v", tolerations)
	}
	container := agents.Spec.Template.Spec.Containers[0]
	request, limit := container.Resources.Requests.Memory().Value(), container.Resources.Limits.Memory().Value()
	if percent := request * 100 / limit; percent != 80 || !*container.SecurityContext.ReadOnlyRootFilesystem {
		t.Errorf("GOMEMLIMIT is %d %% of the limit", percent)
	}
}

// For tail sampling there is a second tier: the collector of each node sends to those behind a headless service, and each of the
// two has the configuration of its tier.
func TestGateway(t *testing.T) {
	all := overlay(t, "gateway", nil, "sampling")
	agents, gateways := only[*appsv1.DaemonSet](t, all, ""), only[*appsv1.StatefulSet](t, all, "")
	service := only[*corev1.Service](t, all, "otel-gateway")
	if service.Spec.ClusterIP != corev1.ClusterIPNone || !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(gateways.Spec.Template.Labels)) ||
		labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(agents.Spec.Template.Labels)) || gateways.Spec.ServiceName != service.Name {
		t.Errorf("%v does not resolve to the second tier alone", service.Spec)
	}
	if labels.SelectorFromSet(only[*corev1.Service](t, all, "otel-collector").Spec.Selector).Matches(labels.Set(gateways.Spec.Template.Labels)) {
		t.Error("services send to the second tier, too")
	}
	budget := only[*policyv1.PodDisruptionBudget](t, all, "")
	if selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector); err != nil || budget.Spec.MaxUnavailable.IntValue() != 1 ||
		!selector.Matches(labels.Set(gateways.Spec.Template.Labels)) || selector.Matches(labels.Set(agents.Spec.Template.Labels)) {
		t.Errorf("nodes that are drained take more than one of the second tier: %v, %v", budget.Spec, err)
	}
	agent, gateway := agents.Spec.Template.Spec.Containers[0], gateways.Spec.Template.Spec.Containers[0]
	address := corev1.EnvVar{Name: "OTELCOL_GATEWAY", Value: service.Name + "." + service.Namespace + ".svc.cluster.local"}
	if !slices.Contains(agent.Env, address) || !strings.HasSuffix(agent.Args[1], "/agent.yaml") || len(agent.Args) != 2 {
		t.Errorf("collectors of nodes run with %v and %v", agent.Args, agent.Env)
	}
	if len(gateway.Args) != 3 || !strings.HasSuffix(gateway.Args[1], "/backend.yaml") || !strings.HasSuffix(gateway.Args[2], "/sampling.yaml") {
		t.Errorf("the second tier runs with %v", gateway.Args)
	}
	if percent := gateway.Resources.Requests.Memory().Value() * 100 / gateway.Resources.Limits.Memory().Value(); percent != 80 {
		t.Errorf("GOMEMLIMIT is %d %% of the limit", percent)
	}
}

// operator is the module of the OpenTelemetry Operator, which has the definitions of its resources.
const operator = "github.com/open-telemetry/opentelemetry-operator@v0.140.0"

// definitions returns those of the Operator's resources.
func definitions(t *testing.T) Definitions {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", operator)
	cmd.Dir = t.TempDir() // outside of this module, whose requirements it is none of
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); err != nil || jsonErr != nil || module.Error != "" {
		t.Fatalf("%s: %v %v %s", operator, err, jsonErr, module.Error)
	}
	files, err := filepath.Glob(filepath.Join(module.Dir, "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(module.Dir, files, err)
	}
	all, err := ReadDefinitions(files...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The Operator's resource of a collector has the configuration that containers have, for each backend, and pods like those without
// the Operator. Services reach it at the same place.
func TestOperator(t *testing.T) {
	known := definitions(t)
	dir := t.TempDir()
	write(t, render(t, catalog(t), map[string]string{"database": "postgres"}, "jobs"), dir) // with two deployments
	backends, err := os.ReadDir(filepath.Join(dir, "deploy", "backends"))
	if err != nil || len(backends) == 0 {
		t.Fatal(backends, err)
	}
	daemons := only[*appsv1.DaemonSet](t, overlay(t, "collector", nil), "")
	for _, backend := range backends {
		t.Run(backend.Name(), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "operator", "BACKEND="+backend.Name())
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("make operator: %v\n%s", err, out)
			}
			all, err := Build(filesys.MakeFsOnDisk(), filepath.Join(dir, "deploy", "kubernetes", "operator"), known)
			if err != nil {
				t.Fatal(err)
			}
			collector, instrumentation := resource(t, all, "OpenTelemetryCollector"), resource(t, all, "Instrumentation")
			var spec struct {
				Mode   string
				Config map[string]any
				// As in a pod.
				Image                         string
				Env                           []corev1.EnvVar
				EnvFrom                       []corev1.EnvFromSource
				Resources                     corev1.ResourceRequirements
				SecurityContext               *corev1.SecurityContext
				PodSecurityContext            *corev1.PodSecurityContext
				VolumeMounts                  []corev1.VolumeMount
				Volumes                       []corev1.Volume
				Tolerations                   []corev1.Toleration
				TerminationGracePeriodSeconds *int64
			}
			specOf(t, collector, &spec)
			want := merged(read(t, dir, "otel-collector.yaml"), read(t, dir, "backends", backend.Name(), "collector.yaml"))
			if spec.Mode != "daemonset" || !reflect.DeepEqual(spec.Config, want) {
				t.Errorf("it is a %s and runs with %v, want %v", spec.Mode, spec.Config, want)
			}
			pod := daemons.Spec.Template.Spec
			container := pod.Containers[0]
			for what, pair := range map[string][2]any{
				"image":               {spec.Image, container.Image},
				"environment":         {spec.Env, container.Env},
				"more of environment": {spec.EnvFrom, container.EnvFrom},
				"resources":           {spec.Resources, container.Resources},
				"container":           {spec.SecurityContext, container.SecurityContext},
				"pod":                 {spec.PodSecurityContext, pod.SecurityContext},
				"mounts":              {spec.VolumeMounts, container.VolumeMounts[1:]}, // besides the configuration
				"volumes":             {spec.Volumes, pod.Volumes[1:]},
				"tolerations":         {spec.Tolerations, pod.Tolerations},
				"end":                 {spec.TerminationGracePeriodSeconds, pod.TerminationGracePeriodSeconds},
			} {
				if !equality.Semantic.DeepEqual(pair[0], pair[1]) {
					t.Errorf("%s: %v, and without the Operator %v", what, pair[0], pair[1])
				}
			}
			var sent struct{ Exporter struct{ Endpoint string } }
			specOf(t, instrumentation, &sent)
			if want := "http://" + collector.GetName() + "-collector." + collector.GetNamespace() + ":4318"; sent.Exporter.Endpoint != want {
				t.Errorf("services send to %s, want %s", sent.Exporter.Endpoint, want)
			}
		})
	}

	// A service lets the Operator say where it sends its telemetry.
	component := filepath.Join(dir, "deploy", "kubernetes", "overlays", "operated")
	if err := os.Mkdir(component, 0o700); err != nil {
		t.Fatal(err)
	}
	kustomization := "resources: [../production]\ncomponents: [../../operator/injection]\n"
	if err := os.WriteFile(filepath.Join(component, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Build(filesys.MakeFsOnDisk(), component, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, deployment := range named[*appsv1.Deployment](all, "") {
		template := deployment.Spec.Template
		if template.Annotations["instrumentation.opentelemetry.io/inject-sdk"] != "observability/otel" {
			t.Errorf("%s does not ask the Operator for anything: %v", deployment.Name, template.Annotations)
		}
		for _, variable := range template.Spec.Containers[0].Env {
			if variable.Name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
				t.Errorf("%s knows better: %v", deployment.Name, variable)
			}
		}
	}
}

// A collector in a cluster does not get the address of a backend that is on the developer's machine.
func TestDeployedCollectorsReachTheirBackend(t *testing.T) {
	dir := t.TempDir()
	write(t, render(t, catalog(t), nil), dir)
	for backend, local := range map[string]bool{"lgtm": true, "jaeger": true, "otlp": false, "scout": false, "console": false} {
		for _, target := range []string{"deploy-collector", "deploy-operator"} {
			cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", target, "BACKEND="+backend)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+fake(t, "kubectl")+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if refused := strings.Contains(string(out), "BACKEND="+backend+": it runs on this machine only"); (err != nil) != local || refused != local {
				t.Errorf("make %s BACKEND=%s: %v\n%s", target, backend, err, out)
			}
		}
	}
}

// fake returns a directory with a command that does nothing.
func fake(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write writes files to a directory.
func write(t *testing.T, files filesys.FileSystem, dir string) {
	t.Helper()
	err := files.Walk("/", func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		return os.WriteFile(file, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// resource returns the one custom resource of a kind.
func resource(t *testing.T, all []runtime.Object, kind string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range all {
		if object, ok := object.(*unstructured.Unstructured); ok && object.GetKind() == kind {
			return object
		}
	}
	t.Fatalf("there is no %s", kind)
	return nil
}

// specOf decodes the spec of a custom resource.
func specOf(t *testing.T, object *unstructured.Unstructured, spec any) {
	t.Helper()
	content, err := json.Marshal(object.Object["spec"])
	if err == nil {
		err = json.Unmarshal(content, spec)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// read decodes a file of YAML below deploy.
func read(t *testing.T, dir string, names ...string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{dir, "deploy"}, names...)...))
	var decoded map[string]any
	if err == nil {
		err = yaml.Unmarshal(content, &decoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// merged is what the collector makes of two configurations: maps are merged, and anything else of the second one replaces.
func merged(first, second map[string]any) map[string]any {
	for key, value := range second {
		under, isMap := first[key].(map[string]any)
		over, both := value.(map[string]any)
		if isMap && both {
			value = merged(under, over)
		}
		first[key] = value
	}
	return first
}

// What an API server would refuse, Build does, and pods that say nothing are not restricted.
func TestBuildIsStrict(t *testing.T) {
	known := definitions(t)
	for manifest, want := range map[string]string{
		"apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nmetadata: {name: x}\nspec: {config: {receivers: {}, exporters: {}, service: {pipelines: {}}}, upgradeStrategie: none}\n": `unknown fields ["spec.upgradeStrategie"]`,
		"apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nmetadata: {name: x}\nspec: {config: {receivers: {}, exporters: {}, service: {pipelines: {}}}, mode: demonset}\n":         `spec.mode: Unsupported value: "demonset"`,
		"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{prot: 80}]}\n":                                                                                                           `unknown field "spec.ports[0].prot"`,
		"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80000}]}\n":                                                                                                        "spec.ports[0].port: Invalid value: 80000",
		"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: Nodeport}\n":                                                                                                                `spec.type: Unsupported value: "Nodeport"`,
		"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n":                                                                                                                                         "nothing validates it",
	} {
		files := filesys.MakeFsInMemory()
		for name, content := range map[string]string{"/kustomization.yaml": "namespace: shop\nresources: [object.yaml]\n", "/object.yaml": manifest} {
			if err := files.WriteFile(name, []byte(content)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Build(files, "/", known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if reasons, err := Restricted(corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "x"}}}}); err != nil || len(reasons) == 0 {
		t.Errorf("a pod that says nothing is let in: %v %v", reasons, err)
	}
}
