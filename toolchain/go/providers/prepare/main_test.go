package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAModuleThatTheCacheLacksIsFetched(t *testing.T) {
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -modcacherw")
	t.Chdir("..")
	directory, err := downloaded("gopkg.in/yaml.v3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(directory, "yaml.go")); err != nil {
		t.Fatal(err)
	}
}

func TestAModuleThatIsNotOfTheBuildIsRefused(t *testing.T) {
	t.Chdir("..")
	if directory, err := downloaded("example.com/other"); err == nil {
		t.Fatalf("found in %q", directory)
	}
}
