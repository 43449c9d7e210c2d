package record

import (
	"fmt"
	"syscall"
)

func typeName(err error) string {
	// The system's own errors say more by their number than by their type.
	if number, is := err.(syscall.Errno); is {
		return fmt.Sprintf("errno.%d", int(number))
	}
	return fmt.Sprintf("%T", err)
}
