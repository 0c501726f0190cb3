package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

// preview describes a service before it is written: its directories, and what
// its choices come to, in lines of a width.
func (s *service) preview(catalog *generator.Catalog, width int) string {
	var paths []string
	for _, c := range s.plan {
		if c.Action == project.Create {
			paths = append(paths, c.Path)
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s to %s, module %s\n\n", s.spec.Service, counted(len(paths)), s.site.dir, s.spec.Module)
	tree := treeOf(s.spec.Service, paths, func(string) string { return "" }).fold()
	top := len(tree.below)
	tree.below = slices.DeleteFunc(tree.below, func(b *branch) bool { return b.below == nil && b.note == "" })
	if top -= len(tree.below); top > 0 {
		tree.below = append(tree.below, &branch{name: "(at the top)", note: counted(top)})
	}
	_ = tree.print(&out, false) // to a builder
	out.WriteString("\n")
	for _, slot := range catalog.Slots {
		if value, exists := s.spec.Slots[slot.Name]; exists {
			out.WriteString(cut(slot.Title+": "+described(catalog, value)+unlike(value, slot.Default), width) + "\n")
		}
	}
	for _, name := range s.spec.Features {
		out.WriteString(cut("with "+described(catalog, name), width) + "\n")
	}
	return out.String()
}

// described is a feature with what it brings.
func described(catalog *generator.Catalog, name string) string {
	for _, f := range catalog.Features {
		if f.Name == name {
			return name + ", " + f.Summary
		}
	}
	return name
}

// unlike says what a choice is made instead of.
func unlike(value, usual string) string {
	if value == usual {
		return ""
	}
	return " (instead of " + usual + ")"
}
