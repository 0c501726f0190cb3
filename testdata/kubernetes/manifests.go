// Package kubernetes holds the manifests of generated services to what an API server does with them: it renders them with
// kustomize, decodes each object strictly, sets its defaults, validates it, and checks its pods against the restricted level of the
// Pod Security Standards, by the code of Kubernetes itself.
//
// The modules of Kubernetes require each other at v0.0.0, so go.mod has a version of each that is used. Change all together.
package kubernetes

import (
	"bytes"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	pods "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsinstall "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	autoscalinginstall "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchinstall "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	coreinstall "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkinginstall "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	disruption "k8s.io/kubernetes/pkg/apis/policy"
	disruptioninstall "k8s.io/kubernetes/pkg/apis/policy/install"
	disruptionvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// scheme has the API's objects, their defaults, and the form that is validated.
var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, install := range []func(*runtime.Scheme){
		appsinstall.Install, autoscalinginstall.Install, batchinstall.Install, coreinstall.Install, networkinginstall.Install, disruptioninstall.Install,
	} {
		install(s)
	}
	return s
}()

// Build renders the kustomization in directory dir of a file system, and decodes its objects. It is an error if an object has a
// field that the API does not know, or one twice, or if it is not valid. Of custom resources it knows those that are defined.
func Build(files filesys.FileSystem, dir string, custom Definitions) ([]runtime.Object, error) {
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, dir)
	if err != nil {
		return nil, err
	}
	content, err := rendered.AsYaml()
	if err != nil {
		return nil, err
	}
	var objects []runtime.Object
	for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
		object, _, err := decoder.Decode(document, nil, nil)
		if err == nil {
			err = validate(object.DeepCopyObject())
		} else if runtime.IsNotRegisteredError(err) {
			object, err = custom.decode(document)
		}
		if err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, document)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// validate sets the defaults of an object, and returns why an API server would not create it. Before it asks, a server fills in what only it can know: the selector
// of a job, and all addresses of a service of which one is given.
func validate(object runtime.Object) error {
	scheme.Default(object)
	internal, err := scheme.ConvertToVersion(object, runtime.InternalGroupVersioner)
	if err != nil {
		return err
	}
	var problems field.ErrorList
	switch object := internal.(type) {
	case *apps.DaemonSet:
		problems = appsvalidation.ValidateDaemonSet(object, pods.GetValidationOptionsFromPodTemplate(&object.Spec.Template, nil))
	case *apps.Deployment:
		problems = appsvalidation.ValidateDeployment(object, pods.GetValidationOptionsFromPodTemplate(&object.Spec.Template, nil))
	case *apps.StatefulSet:
		problems = appsvalidation.ValidateStatefulSet(object, appsvalidation.StatefulSetValidationOptions{}, pods.GetValidationOptionsFromPodTemplate(&object.Spec.Template, nil))
	case *autoscaling.HorizontalPodAutoscaler:
		problems = autoscalingvalidation.ValidateHorizontalPodAutoscaler(object, autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1})
	case *batch.Job:
		manual := true
		object.Spec.ManualSelector, object.Spec.Selector = &manual, &metav1.LabelSelector{MatchLabels: object.Spec.Template.Labels}
		problems = batchvalidation.ValidateJobCreate(object, batchvalidation.JobValidationOptions{PodValidationOptions: pods.GetValidationOptionsFromPodTemplate(&object.Spec.Template, nil)})
	case *core.ConfigMap:
		problems = corevalidation.ValidateConfigMap(object)
	case *core.Namespace:
		problems = corevalidation.ValidateNamespace(object)
	case *core.Service:
		if object.Spec.ClusterIP != "" {
			object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
		}
		problems = corevalidation.ValidateServiceCreate(object)
	case *core.ServiceAccount:
		problems = corevalidation.ValidateServiceAccount(object)
	case *disruption.PodDisruptionBudget:
		problems = disruptionvalidation.ValidatePodDisruptionBudget(object, disruptionvalidation.PodDisruptionBudgetValidationOptions{})
	case *networking.NetworkPolicy:
		problems = networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{})
	default:
		return fmt.Errorf("%T: nothing validates it here", object)
	}
	return problems.ToAggregate()
}

// Restricted returns why a namespace of the restricted level would not let in the pods of a template.
func Restricted(pod corev1.PodTemplateSpec) ([]string, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	var reasons []string
	for _, result := range evaluator.EvaluatePod(podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			reasons = append(reasons, result.ForbiddenReason+": "+result.ForbiddenDetail)
		}
	}
	return reasons, nil
}
