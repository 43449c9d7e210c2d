package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// Pushed is where an image is now.
type Pushed struct {
	Reference string `json:"reference"`
}

// push sends the one image of a layout, by digest. Blobs that the registry has are not sent again.
func push(ctx context.Context, directory, registry, repository string) (*Pushed, error) {
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI image layout: %w", directory, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 || !manifest.Manifests[0].MediaType.IsImage() {
		return nil, fmt.Errorf("%s holds %d manifests; one image is allowed", directory, len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	image, err := index.Image(digest)
	if err != nil {
		return nil, err
	}
	if err := validate.Image(image); err != nil {
		return nil, fmt.Errorf("%s does not hold what its digests say: %w", directory, err)
	}
	return send(ctx, image, digest, registry, repository)
}

func send(ctx context.Context, image v1.Image, digest v1.Hash, registry, repository string) (*Pushed, error) {
	var options []name.Option
	var keys authn.Keychain = authn.DefaultKeychain
	if loopback(registry) {
		options, keys = []name.Option{name.Insecure}, authn.NewMultiKeychain()
	}
	home, err := name.NewRegistry(registry, append(options, name.StrictValidation)...)
	if err != nil {
		return nil, err
	}
	reference, err := name.NewDigest(fmt.Sprintf("%s/%s@%s", home, repository, digest), append(options, name.StrictValidation)...)
	if err != nil {
		return nil, err
	}
	err = remote.Write(reference, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(keys),
		remote.WithTransport(onlyLoopbackInClear{remote.DefaultTransport}))
	if err != nil {
		return nil, fmt.Errorf("push to %s: %w", reference, err)
	}
	return &Pushed{reference.String()}, nil
}

// loopback tells whether a registry, host or host:port, is this machine.
func loopback(registry string) bool {
	host, _, err := net.SplitHostPort(registry)
	if err != nil {
		host = registry
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// onlyLoopbackInClear stops what the library would do by itself: plain http to private addresses and names in .local.
type onlyLoopbackInClear struct{ http.RoundTripper }

func (t onlyLoopbackInClear) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" && !loopback(request.URL.Host) {
		return nil, fmt.Errorf("%s would be spoken to in clear; plain http is allowed on loopback only", request.URL.Host)
	}
	return t.RoundTripper.RoundTrip(request)
}
