//go:build tools

// Object store: Versity's S3 gateway over a file system, as it is.
package main

import _ "github.com/versity/versitygw/cmd/versitygw"
