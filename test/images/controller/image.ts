// Images: the platform's own controllers, one static binary each, as their Dockerfiles make them (RT-5, RT-7, CP-11).
import type { ImageSpec } from "../../../toolchain/images";

const NONROOT = 65532;

/** How a controller of this name and port is packed. */
export function controllerImage(name: string, port: number): (binary: string) => ImageSpec {
  return binary => ({
    layers: [{ files: [{ path: name, source: binary, mode: 0o755 }] }],
    entrypoint: [`/${name}`],
    user: `${NONROOT}:${NONROOT}`,
    ports: [port],
  });
}
