package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// entry is one thing in a layer. Its path has no leading or trailing slash.
type entry struct {
	path     string
	kind     kind
	mode     int64
	uid, gid int
	source   string // a regular file's bytes are there …
	content  []byte // … or these, with no source
	link     string
}

type kind int

const (
	file kind = iota
	directory
	symlink
)

// view is what the image holds so far, over all layers.
type view map[string]kind

// entriesOf lists a layer in the order it is written: by path, each after its directories.
func entriesOf(layer LayerSpec, image view) ([]entry, error) {
	found := map[string]entry{}
	if layer.Tree != nil {
		if err := readTree(*layer.Tree, found); err != nil {
			return nil, err
		}
	}
	named := map[string]bool{}
	for _, spec := range layer.Files {
		e, err := entryOf(spec)
		if err != nil {
			return nil, err
		}
		if named[e.path] {
			return nil, fmt.Errorf("files names %q twice in one layer", spec.Path)
		}
		named[e.path] = true
		found[e.path] = e
	}
	paths := make([]string, 0, len(found))
	for p := range found {
		paths = append(paths, p)
	}
	for _, p := range paths {
		for parent := path.Dir(p); parent != "."; parent = path.Dir(parent) {
			if _, here := found[parent]; !here {
				if _, before := image[parent]; !before {
					found[parent] = entry{path: parent, kind: directory, mode: 0o755}
				}
			}
		}
	}
	entries := make([]entry, 0, len(found))
	for _, e := range found {
		entries = append(entries, e)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].path < entries[j].path })
	for _, e := range entries {
		image[e.path] = e.kind
	}
	for _, e := range entries {
		for parent := path.Dir(e.path); parent != "."; parent = path.Dir(parent) {
			if image[parent] != directory {
				return nil, fmt.Errorf("%q lies below %q, which is no directory of this image", "/"+e.path, "/"+parent)
			}
		}
	}
	return entries, nil
}

func entryOf(spec FileSpec) (entry, error) {
	p, err := cleanPath(spec.Path)
	if err != nil {
		return entry{}, err
	}
	given := 0
	for _, one := range []bool{spec.Source != nil, spec.Content != nil, spec.Link != nil, spec.Directory} {
		if one {
			given++
		}
	}
	if given != 1 {
		return entry{}, fmt.Errorf("%q has %d of source, content, link and directory; exactly one is allowed", spec.Path, given)
	}
	if spec.UID < 0 || spec.GID < 0 {
		return entry{}, fmt.Errorf("%q is owned by %d:%d; numbers from 0 are allowed", spec.Path, spec.UID, spec.GID)
	}
	e := entry{path: p, mode: 0o644, uid: spec.UID, gid: spec.GID}
	switch {
	case spec.Source != nil:
		e.source = *spec.Source
		info, err := os.Stat(e.source)
		if err != nil {
			return entry{}, fmt.Errorf("source of %q: %w", spec.Path, err)
		}
		if !info.Mode().IsRegular() {
			return entry{}, fmt.Errorf("source of %q is %s, %s; a regular file is allowed", spec.Path, e.source, info.Mode().Type())
		}
	case spec.Content != nil:
		e.content = []byte(*spec.Content)
	case spec.Link != nil:
		e.kind, e.mode = symlink, 0o777
		if e.link, err = cleanLink(p, *spec.Link); err != nil {
			return entry{}, err
		}
	default:
		e.kind, e.mode = directory, 0o755
	}
	if spec.Mode != nil {
		allowed := int64(0o777)
		if e.kind == directory {
			allowed = 0o1777
		}
		if *spec.Mode < 0 || *spec.Mode&^allowed != 0 || e.kind == symlink {
			return entry{}, fmt.Errorf("mode of %q is %#o; permission bits are allowed (and the sticky bit of a directory), never set-user-id", spec.Path, *spec.Mode)
		}
		e.mode = *spec.Mode
	}
	return e, nil
}

// readTree takes what lies below a directory. Nothing is followed. Modes become 0755 or 0644, owners 0:0: what the
// machine's umask and its extracting user left there must not reach the image, nor any set-user-id bit.
func readTree(tree TreeSpec, into map[string]entry) error {
	source, err := filepath.Abs(tree.Source)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(source); err != nil || !info.IsDir() {
		return fmt.Errorf("tree %s is no directory", tree.Source)
	}
	for _, pattern := range tree.Exclude {
		if _, err := path.Match(pattern, "x"); err != nil {
			return fmt.Errorf("exclude holds %q, which is no pattern: %w", pattern, err)
		}
	}
	return filepath.WalkDir(source, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, full)
		if err != nil || relative == "." {
			return err
		}
		if excluded(relative, tree.Exclude) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		p, err := cleanPath(relative)
		if err != nil {
			return err
		}
		e := entry{path: p}
		switch d.Type() {
		case fs.ModeDir:
			e.kind, e.mode = directory, 0o755
		case fs.ModeSymlink:
			target, err := os.Readlink(full)
			if err != nil {
				return err
			}
			if target == source || strings.HasPrefix(target, source+"/") {
				return fmt.Errorf("%s links to %s, a path of the machine that packs; a path inside the image is allowed", full, target)
			}
			e.kind, e.mode = symlink, 0o777
			if e.link, err = cleanLink(p, target); err != nil {
				return err
			}
		case 0:
			info, err := d.Info()
			if err != nil {
				return err
			}
			e.source, e.mode = full, 0o644
			if info.Mode()&0o100 != 0 {
				e.mode = 0o755
			}
		default:
			return fmt.Errorf("%s is %s; files, directories and symbolic links are allowed", full, d.Type())
		}
		into[p] = e
		return nil
	})
}

// excluded: a pattern matches a whole path below the tree, or a name anywhere if it has no slash.
func excluded(relative string, patterns []string) bool {
	for _, pattern := range patterns {
		subject := relative
		if !strings.Contains(pattern, "/") {
			subject = path.Base(relative)
		}
		if ok, _ := path.Match(strings.Trim(pattern, "/"), subject); ok {
			return true
		}
	}
	return false
}

// cleanPath is the path of an entry below the root. Whatever could mean another place to anyone who unpacks it is refused.
func cleanPath(given string) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(given, "/"), "/")
	for _, part := range strings.Split(trimmed, "/") {
		switch {
		case part == "" || part == "." || part == "..":
			return "", fmt.Errorf("path %q is not plain; one below the root, without empty parts, . and .., is allowed", given)
		case strings.HasPrefix(part, ".wh."):
			return "", fmt.Errorf("path %q has a part that begins with .wh., which removes files of the layers below", given)
		case strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
			return "", fmt.Errorf("path %q holds a control character or a backslash", given)
		}
	}
	return trimmed, nil
}

// cleanLink makes the target of a link relative to the link, so that it leads to the same place inside the image wherever
// that is unpacked, and refuses one that climbs above the root.
func cleanLink(from, target string) (string, error) {
	if target == "" || strings.ContainsFunc(target, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("link %q has the target %q; a path is allowed", "/"+from, target)
	}
	parts := strings.Split(path.Dir(from), "/")
	if path.Dir(from) == "." || path.IsAbs(target) {
		parts = nil
	}
	for _, part := range strings.Split(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				return "", fmt.Errorf("link %q leads to %q, out of the image; a path inside it is allowed", "/"+from, target)
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	if !path.IsAbs(target) {
		return target, nil
	}
	relative, err := filepath.Rel("/"+path.Dir(from), "/"+strings.Join(parts, "/"))
	return relative, err
}
