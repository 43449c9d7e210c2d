// Rule check: reads a file of alert rules as Prometheus does, expressions and templates included, and says what is wrong with it.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rule-check FILE")
		os.Exit(2)
	}
	_, faults := rulefmt.ParseFile(os.Args[1], false, model.LegacyValidation)
	for _, fault := range faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}
