module palisade.dev/test/probe

go 1.25.11

require golang.org/x/sys v0.47.0
