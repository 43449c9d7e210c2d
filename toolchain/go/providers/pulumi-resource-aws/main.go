// Command pulumi-resource-aws is the Pulumi AWS provider for the resource types Palisade uses, bridged from the upstream
// Terraform provider. It stands in for the official plugin where that cannot be downloaded; tokens and inputs are those
// of the npm package @pulumi/aws.
//
//	pulumi-resource-aws                     serves the provider to the engine
//	pulumi-resource-aws generate schema …   writes schema.json and bridge-metadata.json (run once, by the toolchain)
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// The npm version of @pulumi/aws whose inputs this provider has.
const version = "7.21.0"

func main() {
	ctx := context.Background()
	if len(os.Args) > 1 && os.Args[1] == "generate" {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		tfgen.MainWithMuxer("aws", provider(ctx, []byte("{}")))
		return
	}
	exe, err := os.Executable()
	fail(err)
	beside := filepath.Dir(exe)
	schema, err := os.ReadFile(filepath.Join(beside, "schema.json"))
	fail(err)
	metadata, err := os.ReadFile(filepath.Join(beside, "bridge-metadata.json"))
	fail(err)
	pf.MainWithMuxer(ctx, "aws", provider(ctx, metadata), schema)
}

func provider(ctx context.Context, metadata []byte) tfbridge.ProviderInfo {
	framework, sdk, err := xpprovider.GetProvider(ctx)
	fail(err)
	upstream := pf.MuxShimWithPF(ctx, shimv2.NewProvider(sdk), framework)
	info := tfbridge.ProviderInfo{
		P:              upstream,
		Name:           "aws",
		DisplayName:    "AWS",
		Version:        version,
		License:        "Apache-2.0",
		GitHubOrg:      "hashicorp",
		ResourcePrefix: "aws",
		MetadataInfo:   tfbridge.NewProviderMetadata(metadata),
		Config:         map[string]*tfbridge.SchemaInfo{},
		Resources:      resourcesOf(upstream),
		DataSources:    dataSources,
	}
	info.SetAutonaming(255, "-")
	return info
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}
