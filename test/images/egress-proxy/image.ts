// Images for tests: the egress proxy, as images/egress-proxy/Dockerfile makes it (RT-27, SP-13).
import type { ImageSpec } from "../../../toolchain/images";

/** User of the Dockerfile. */
const NONROOT = 65532;

export function egressProxyImage(binary: string): ImageSpec {
  return {
    layers: [{ files: [{ path: "egress-proxy", source: binary, mode: 0o755 }] }],
    entrypoint: ["/egress-proxy"],
    user: `${NONROOT}:${NONROOT}`,
    ports: [4750],
  };
}
