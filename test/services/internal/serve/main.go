package serve

import (
	"fmt"
	"io"
	"log"
	"os"
)

// quiet: the library writes lines that are no records; handshakes that fail are the callers' to tell.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// Exit ends the process: zero without an error, else one, with its text on standard error.
func Exit(err error) {
	if err == nil {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
