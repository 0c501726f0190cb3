package main

// setups are what parts of the service need in these tests, such as a secret or
// a server to talk to. Each is called before a process starts.
var setups = []func(*process){}
