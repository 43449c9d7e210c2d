// Command prepare makes the two awsModule Terraform providers buildable as Pulumi providers. It copies their sources out of
// the module cache (where go.sum has vouched for them) and changes the copies:
//
//   - aws keeps only the service packages named in services.txt and only the API clients those use, because the whole
//     provider takes three times as long to build;
//   - random gains a package `exported`, because its own provider package is internal.
//
// Usage: prepare -out DIR. Writes DIR/aws, DIR/random, and DIR/go.mod and DIR/go.sum for `go build -modfile DIR/go.mod`.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	awsModule    = "github.com/hashicorp/terraform-provider-aws"
	randomModule = "github.com/terraform-providers/terraform-provider-random"
	servicesFile = "internal/provider/sdkv2/service_packages_gen.go"
	clientsFile  = "internal/conns/awsclient_gen.go"
	sdkPrefix    = "github.com/aws/aws-sdk-go-v2/service/"
)

const exportedProvider = `// Package exported hands out the provider of this module.
package exported

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"

	internal "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

func New() provider.Provider { return internal.New() }
`

func main() {
	services := flag.String("services", "services.txt", "file naming the service packages to keep")
	out := flag.String("out", "", "directory for the copy")
	flag.Parse()
	if err := run(*services, *out); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
}

func run(servicesPath, out string) error {
	keep, err := readServices(servicesPath)
	if err != nil {
		return err
	}
	aws, err := copyModule(awsModule, filepath.Join(out, "aws"))
	if err != nil {
		return err
	}
	random, err := copyModule(randomModule, filepath.Join(out, "random"))
	if err != nil {
		return err
	}
	modfile, err := writeModfile(out, map[string]string{awsModule: aws, randomModule: random})
	if err != nil {
		return err
	}
	exported := filepath.Join(random, "exported", "exported.go")
	if err := os.MkdirAll(filepath.Dir(exported), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(exported, []byte(exportedProvider), 0o644); err != nil {
		return err
	}
	if err := rewrite(filepath.Join(aws, servicesFile), func(file string) ([]byte, error) {
		return trimServices(file, keep)
	}); err != nil {
		return err
	}
	used, err := clientsInUse(modfile)
	if err != nil {
		return err
	}
	return rewrite(filepath.Join(aws, clientsFile), func(file string) ([]byte, error) {
		return trimClients(file, used)
	})
}

// copyModule copies a module's sources to dir and returns dir.
func copyModule(module, dir string) (string, error) {
	root, err := downloaded(module)
	if err != nil {
		return "", err
	}
	return dir, copySources(root, dir)
}

// downloaded returns the directory of a module of go.mod in the module cache, and fetches it first where the cache lacks it:
// `go list -m` names no directory then.
func downloaded(module string) (string, error) {
	answer, err := output("go", "mod", "download", "-json", module)
	if err != nil {
		return "", err
	}
	var found struct{ Dir string }
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, err)
	}
	return found.Dir, nil
}

// copySources copies what a build reads: Go files but for tests, and the .hcl files they embed.
func copySources(from, to string) error {
	return filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		rel, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (rel == "website" || rel == "docs" || rel == "examples" || name == "testdata"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case strings.HasSuffix(name, "_test.go"):
			return nil
		case strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".hcl"), rel == "go.mod", rel == "version/VERSION":
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, rel), content, 0o644)
		}
		return nil
	})
}

// writeModfile writes the tool module's go.mod with the upstream providers replaced by their copies.
func writeModfile(out string, copies map[string]string) (string, error) {
	modfile := filepath.Join(out, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return "", err
		}
	}
	for module, dir := range copies {
		if _, err := output("go", "mod", "edit", "-replace", module+"="+dir, modfile); err != nil {
			return "", err
		}
	}
	return modfile, nil
}

func rewrite(file string, trimmed func(string) ([]byte, error)) error {
	content, err := trimmed(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

func readServices(file string) (map[string]bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	keep := map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
			keep[line] = true
		}
	}
	return keep, nil
}

// trimServices keeps `name.ServicePackage(ctx)` in the one slice literal of the file, and the imports that go with it.
func trimServices(file string, keep map[string]bool) ([]byte, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		kept := lit.Elts[:0]
		for _, e := range lit.Elts {
			if name := packageOfCall(e); keep[name] {
				found[name] = true
				kept = append(kept, e)
			}
		}
		lit.Elts = kept
		return false
	})
	for name := range keep {
		if !found[name] {
			return nil, fmt.Errorf("services.txt names %q, which %s does not have", name, servicesFile)
		}
	}
	dropImports(tree, func(p string) bool {
		return strings.HasPrefix(p, awsModule+"/internal/service/") && !keep[path.Base(p)]
	})
	return render(fset, tree)
}

func packageOfCall(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	ident, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return ident.Name
}

// clientsInUse returns the AWS SDK packages that anything but the client table itself imports.
func clientsInUse(modfile string) (map[string]bool, error) {
	list, err := output("go", "list", "-modfile", modfile, "-deps",
		"-f", `{{if ne .ImportPath "`+awsModule+`/internal/conns"}}{{range .Imports}}{{println .}}{{end}}{{end}}`,
		awsModule+"/xpprovider")
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, p := range strings.Fields(list) {
		if strings.HasPrefix(p, sdkPrefix) {
			used[p] = true
		}
	}
	return used, nil
}

// trimClients drops the methods that return a client of an unused SDK package.
func trimClients(file string, used map[string]bool) ([]byte, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		return nil, err
	}
	unused := map[string]bool{}
	for _, imp := range tree.Imports {
		p, _ := strconv.Unquote(imp.Path.Value)
		if strings.HasPrefix(p, sdkPrefix) && !used[p] {
			unused[localName(imp, p)] = true
		}
	}
	decls := tree.Decls[:0]
	for _, d := range tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && unused[resultPackage(fn)] {
			continue
		}
		decls = append(decls, d)
	}
	tree.Decls = decls
	dropImports(tree, func(p string) bool { return strings.HasPrefix(p, sdkPrefix) && !used[p] })
	return render(fset, tree)
}

func localName(imp *ast.ImportSpec, p string) string {
	if imp.Name != nil {
		return imp.Name.Name
	}
	return path.Base(p)
}

func resultPackage(fn *ast.FuncDecl) string {
	if fn.Type.Results == nil || len(fn.Type.Results.List) != 1 {
		return ""
	}
	star, ok := fn.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return ""
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	return sel.X.(*ast.Ident).Name
}

func dropImports(tree *ast.File, drop func(string) bool) {
	for _, d := range tree.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			continue
		}
		specs := gen.Specs[:0]
		for _, s := range gen.Specs {
			if p, _ := strconv.Unquote(s.(*ast.ImportSpec).Path.Value); !drop(p) {
				specs = append(specs, s)
			}
		}
		gen.Specs = specs
	}
}

func render(fset *token.FileSet, tree *ast.File) ([]byte, error) {
	var b bytes.Buffer
	if err := format.Node(&b, fset, tree); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(b)), nil
}
