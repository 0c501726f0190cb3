package httpserver

// Wrap is what New does with middleware.
var Wrap = wrap
