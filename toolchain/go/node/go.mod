module palisade.dev/toolchain/node

go 1.25.11
