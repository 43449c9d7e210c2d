package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// Spec is what an image is to be; toolchain/images.ts documents each field.
type Spec struct {
	Layers           []LayerSpec       `json:"layers"`
	Entrypoint       []string          `json:"entrypoint"`
	Command          []string          `json:"command"`
	Environment      map[string]string `json:"environment"`
	User             string            `json:"user"`
	WorkingDirectory string            `json:"workingDirectory"`
	StopSignal       string            `json:"stopSignal"`
	Ports            []int             `json:"ports"`
	Labels           map[string]string `json:"labels"`
}

// LayerSpec is one layer: what a directory holds, and files that win over it.
type LayerSpec struct {
	Files []FileSpec `json:"files"`
	Tree  *TreeSpec  `json:"tree"`
}

// TreeSpec is a directory whose content becomes the root of the layer.
type TreeSpec struct {
	Source  string   `json:"source"`
	Exclude []string `json:"exclude"`
}

// FileSpec is one entry: exactly one of source, content, link and directory.
type FileSpec struct {
	Path      string  `json:"path"`
	Source    *string `json:"source"`
	Content   *string `json:"content"`
	Link      *string `json:"link"`
	Directory bool    `json:"directory"`
	Mode      *int64  `json:"mode"`
	UID       int     `json:"uid"`
	GID       int     `json:"gid"`
}

func readSpec(file string) (Spec, error) {
	var spec Spec
	text, err := os.ReadFile(file)
	if err != nil {
		return spec, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&spec); err != nil {
		return spec, fmt.Errorf("image specification %s: %w", file, err)
	}
	return spec, spec.check()
}

var (
	numericUser  = regexp.MustCompile(`^([0-9]+)(?::([0-9]+))?$`)
	stopSignal   = regexp.MustCompile(`^SIG[A-Z0-9]+$`)
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (s Spec) check() error {
	user := numericUser.FindStringSubmatch(s.User)
	if user == nil {
		return fmt.Errorf("user is %q; a number, or number:group, is allowed: the kubelet cannot tell from a name whether it is root", s.User)
	}
	if uid, err := strconv.ParseUint(user[1], 10, 31); err != nil || uid == 0 {
		return fmt.Errorf("user is %q, which is root or no user at all; 1 to 2147483647 are allowed", s.User)
	}
	if len(s.Layers) == 0 {
		return fmt.Errorf("layers is empty; an image holds at least one")
	}
	if s.WorkingDirectory != "" {
		if _, err := cleanPath(s.WorkingDirectory); err != nil || s.WorkingDirectory[0] != '/' {
			return fmt.Errorf("workingDirectory is %q; an absolute path without .. is allowed", s.WorkingDirectory)
		}
	}
	if s.StopSignal != "" && !stopSignal.MatchString(s.StopSignal) {
		return fmt.Errorf("stopSignal is %q; the name of a signal, such as SIGINT, is allowed", s.StopSignal)
	}
	for name := range s.Environment {
		if !variableName.MatchString(name) {
			return fmt.Errorf("environment names %q; letters, digits and _ are allowed", name)
		}
	}
	for _, port := range s.Ports {
		if port < 1 || port > 65535 {
			return fmt.Errorf("ports holds %d; 1 to 65535 are allowed", port)
		}
	}
	return nil
}
