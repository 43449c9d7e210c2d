// Command pulumi-resource-random is the Pulumi random provider, bridged from the upstream Terraform provider. It stands in
// for the official plugin where that cannot be downloaded; tokens and inputs are those of the npm package @pulumi/random.
//
//	pulumi-resource-random                     serves the provider to the engine
//	pulumi-resource-random generate schema …   writes schema.json and bridge-metadata.json (run once, by the toolchain)
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/terraform-providers/terraform-provider-random/exported"
)

// The npm version of @pulumi/random whose inputs this provider has.
const version = "4.21.2"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "generate" {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		tfgen.Main("random", provider([]byte("{}")))
		return
	}
	exe, err := os.Executable()
	fail(err)
	beside := filepath.Dir(exe)
	schema, err := os.ReadFile(filepath.Join(beside, "schema.json"))
	fail(err)
	metadata, err := os.ReadFile(filepath.Join(beside, "bridge-metadata.json"))
	fail(err)
	pf.Main(context.Background(), "random", provider(metadata), pf.ProviderMetadata{PackageSchema: schema})
}

func provider(metadata []byte) tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:              pf.ShimProvider(exported.New()),
		Name:           "random",
		DisplayName:    "Random",
		Version:        version,
		License:        "Apache-2.0",
		GitHubOrg:      "terraform-providers",
		ResourcePrefix: "random",
		MetadataInfo:   tfbridge.NewProviderMetadata(metadata),
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_id":       {Tok: "random:index/randomId:RandomId"},
			"random_password": {Tok: "random:index/randomPassword:RandomPassword"},
		},
	}
	return info
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-random:", err)
		os.Exit(1)
	}
}
