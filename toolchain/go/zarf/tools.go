//go:build tools

package tools

import _ "github.com/zarf-dev/zarf"
