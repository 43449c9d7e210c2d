//go:build tools

package tools

// The upstream of pulumi-resource-random's `exported` package, which exists only in the copy that prepare makes.
import _ "github.com/terraform-providers/terraform-provider-random"
