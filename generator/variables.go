package generator

import "strings"

// Variable is an environment variable that a feature reads, for documentation.
type Variable struct {
	Name        string
	Default     string // in production; "" if there is none
	Development string // the default at a developer's desk, if it differs
	Example     string // where there is no default
	Secret      bool
	Doc         string // "" if the one above says it for both
}

// Variables returns the environment variables of a feature, in their order, for
// a service with the names of a Spec.
func (f *Feature) Variables(spec Spec) []Variable {
	r := renderer{identity: identity{spec.Service, spec.Module}}
	var all []Variable
	for _, v := range f.contributes.Env.Variables {
		all = append(all, Variable{
			Name: v.Name, Default: r.text(v.Default), Development: r.text(v.Development), Example: r.text(v.Example),
			Secret: v.Secret, Doc: strings.TrimSpace(r.text(v.Doc)),
		})
	}
	return all
}
