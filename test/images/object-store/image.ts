// Images for tests: an S3-compatible store with versions, accounts and bucket policies, Versity's gateway over a file system. Stands in
// for versity/versitygw, or any S3 the customer has (CP-11, CP-12).
import type { ImageSpec } from "../../../toolchain/images";

const OBJECT_STORE_UID = 1000;

export function objectStoreImage({ gateway, setup }: { gateway: string; setup: string }): ImageSpec {
  const owner = { uid: OBJECT_STORE_UID, gid: OBJECT_STORE_UID };
  return {
    layers: [
      {
        files: [
          { path: "usr/local/bin/versitygw", source: gateway, mode: 0o755 },
          { path: "usr/local/bin/object-store-setup", source: setup, mode: 0o755 },
          { path: "data", directory: true, mode: 0o700, ...owner },
          { path: "tmp", directory: true, mode: 0o1777 },
        ],
      },
    ],
    entrypoint: ["/usr/local/bin/versitygw"],
    command: ["posix", "/data/buckets"],
    environment: {
      PATH: "/usr/local/bin",
      VGW_PORT: ":7070",
      VGW_IAM_DIR: "/data/accounts",
      VGW_VERSIONING_DIR: "/data/versions",
    },
    user: `${OBJECT_STORE_UID}:${OBJECT_STORE_UID}`,
    ports: [7070],
  };
}
