// Package generator renders the files of a Go service from a catalog of
// features.
//
// Load reads a Catalog from an fs.FS and checks it as a whole. Resolve turns a
// Spec, what a user chose, into a Selection of the Catalog: defaults are filled
// in, and features that are required are there. Render turns a Selection into a
// Tree, the content of every file by its path.
//
// The three are pure functions. They read nothing but the fs.FS, write nothing
// and start no process, so the package works wherever Go does, GOOS=js included.
// The caller decides what to do with a Tree; package generator/project brings a
// directory to it, and keeps what the owner of the directory changed.
package generator
