package kubernetes

import (
	"fmt"
	"os"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Definitions are the kinds of custom resources that Build knows.
type Definitions map[schema.GroupVersionKind]definition

type definition struct {
	structural *structuralschema.Structural
	validator  validation.SchemaCreateValidator
}

// ReadDefinitions reads files of a CustomResourceDefinition each.
func ReadDefinitions(files ...string) (Definitions, error) {
	all := Definitions{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(content, &crd); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, version := range crd.Spec.Versions {
			d, err := define(version.Schema.OpenAPIV3Schema)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, version.Name, err)
			}
			all[schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}] = d
		}
	}
	return all, nil
}

func define(properties *apiextensionsv1.JSONSchemaProps) (definition, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(properties, &internal, nil); err != nil {
		return definition{}, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return definition{}, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	return definition{structural, validator}, err
}

// decode decodes a custom resource and sets its defaults. It is an error if it has a field that its definition does not know, or if
// it does not fit its schema.
func (all Definitions) decode(document []byte) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
		return nil, err
	}
	d, ok := all[object.GroupVersionKind()]
	if !ok {
		return nil, fmt.Errorf("%s: nothing validates it here", object.GroupVersionKind())
	}
	defaulting.Default(object.Object, d.structural)
	pruned := object.DeepCopy()
	if unknown := pruning.PruneWithOptions(pruned.Object, d.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}); len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("unknown fields %q", unknown)
	}
	return object, validation.ValidateCustomResource(nil, object.Object, d.validator).ToAggregate()
}
