package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/klauspost/compress/gzip"
)

// Packed is what the tool says about an image.
type Packed struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Config    Blob   `json:"config"`
	Layers    []Blob `json:"layers"`
}

// Blob is a part of an image.
type Blob struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
}

// pack writes an OCI image layout with one manifest. The directory appears whole or not at all.
func pack(ctx context.Context, spec Spec, target string) (*Packed, error) {
	if held, err := os.ReadDir(target); err == nil && len(held) > 0 {
		return nil, fmt.Errorf("layout directory %s is not empty; name a new one, or remove it first", target)
	}
	epoch, err := sourceDate()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(filepath.Dir(target), "."+filepath.Base(target)+".partial-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return nil, err
	}

	path, err := layout.Write(work, empty.Index)
	if err != nil {
		return nil, err
	}
	image, err := imageOf(ctx, spec, epoch, work)
	if err != nil {
		return nil, err
	}
	if err := path.AppendImage(image); err != nil {
		return nil, err
	}
	// The library's own check reads every blob again: digests, sizes, and that layers unpack to what the config says.
	if err := validate.Image(image); err != nil {
		return nil, fmt.Errorf("the image that was made is not valid: %w", err)
	}
	packed, err := describe(image)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(work, target); err != nil {
		return nil, err
	}
	return packed, nil
}

// sourceDate is the one time in the image: SOURCE_DATE_EPOCH, or 1970.
func sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q; seconds since 1970 are allowed", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func imageOf(ctx context.Context, spec Spec, epoch time.Time, work string) (v1.Image, error) {
	config := &v1.ConfigFile{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Created:      v1.Time{Time: epoch},
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: spec.Entrypoint,
			Cmd:        spec.Command,
			User:       spec.User,
			WorkingDir: spec.WorkingDirectory,
			StopSignal: spec.StopSignal,
			Labels:     spec.Labels,
		},
	}
	for name, value := range spec.Environment {
		config.Config.Env = append(config.Config.Env, name+"="+value)
	}
	sort.Strings(config.Config.Env)
	for _, port := range spec.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[fmt.Sprintf("%d/tcp", port)] = struct{}{}
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	held := view{}
	for _, layerSpec := range spec.Layers {
		entries, err := entriesOf(layerSpec, held)
		if err != nil {
			return nil, err
		}
		layer, err := writeLayer(ctx, entries, epoch, filepath.Join(work, "blobs", "sha256"))
		if err != nil {
			return nil, err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, err
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.diffID)
	}
	return mutate.ConfigFile(image, config)
}

// written is a layer that lies in the layout already.
type written struct {
	file           string
	digest, diffID v1.Hash
	size           int64
}

func (l written) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l written) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l written) Size() (int64, error)                { return l.size, nil }
func (l written) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l written) Compressed() (io.ReadCloser, error)  { return os.Open(l.file) }
func (l written) Uncompressed() (io.ReadCloser, error) {
	f, err := os.Open(l.file)
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, f}, nil
}

// writeLayer streams entries into a blob. The compressor is a pinned module, not the Go release's own: the same bytes
// come out whichever Go built this.
func writeLayer(ctx context.Context, entries []entry, epoch time.Time, blobs string) (*written, error) {
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(blobs, ".layer-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	packedSum, plainSum := sha256.New(), sha256.New()
	squeezed, err := gzip.NewWriterLevel(io.MultiWriter(out, packedSum), gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(io.MultiWriter(squeezed, plainSum))
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := writeEntry(archive, e, epoch); err != nil {
			return nil, err
		}
	}
	for _, close := range []func() error{archive.Close, squeezed.Close, func() error { return out.Chmod(0o644) }, out.Close} {
		if err := close(); err != nil {
			return nil, err
		}
	}
	info, err := os.Stat(out.Name())
	if err != nil {
		return nil, err
	}
	layer := &written{digest: sum(packedSum), diffID: sum(plainSum), size: info.Size()}
	layer.file = filepath.Join(blobs, layer.digest.Hex)
	return layer, os.Rename(out.Name(), layer.file)
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

func writeEntry(archive *tar.Writer, e entry, epoch time.Time) error {
	header := &tar.Header{Name: e.path, Mode: e.mode, Uid: e.uid, Gid: e.gid, ModTime: epoch}
	var bytesOf io.Reader = bytes.NewReader(e.content)
	switch e.kind {
	case directory:
		header.Typeflag, header.Name = tar.TypeDir, e.path+"/"
	case symlink:
		header.Typeflag, header.Linkname = tar.TypeSymlink, e.link
	default:
		header.Typeflag, header.Size = tar.TypeReg, int64(len(e.content))
		if e.source != "" {
			source, err := os.Open(e.source)
			if err != nil {
				return err
			}
			defer source.Close()
			info, err := source.Stat()
			if err != nil {
				return err
			}
			header.Size, bytesOf = info.Size(), source
		}
	}
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("/%s: %w", e.path, err)
	}
	if e.kind != file {
		return nil
	}
	if _, err := io.Copy(archive, bytesOf); err != nil {
		return fmt.Errorf("/%s: %w", e.path, err)
	}
	return nil
}

func describe(image v1.Image) (*Packed, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	size, err := image.Size()
	if err != nil {
		return nil, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	packed := &Packed{
		Digest: digest.String(), MediaType: string(manifest.MediaType), Size: size,
		Config: Blob{manifest.Config.Digest.String(), string(manifest.Config.MediaType), manifest.Config.Size},
	}
	for _, layer := range manifest.Layers {
		packed.Layers = append(packed.Layers, Blob{layer.Digest.String(), string(layer.MediaType), layer.Size})
	}
	return packed, nil
}
