// Images for tests: HAProxy in front of the queue. TLS, client certificates, and who may do what with which queue (CP-11).
// Stands in for haproxy:3.0, whose configuration it takes.
import { join } from "node:path";
import type { DebianPackages } from "../../../toolchain/debian";
import type { ImageSpec } from "../../../toolchain/images";

/** User of the original. */
const HAPROXY_UID = 99;

export const queueFrontPackages: DebianPackages = {
  release: "trixie",
  packages: ["base-files", "haproxy"],
  without: ["adduser", "passwd", "init-system-helpers", "debconf", "login.defs", "openssl", "perl-base"],
};

/** @param root directory with the packages' files */
export function queueFrontImage(root: string): ImageSpec {
  return {
    layers: [
      {
        tree: {
          source: root,
          exclude: ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/run", "etc/haproxy"],
        },
      },
      {
        files: [
          { path: "usr/local/etc/haproxy/haproxy.cfg", source: join(__dirname, "haproxy.cfg") },
          { path: "usr/local/etc/haproxy/maps/allowed.map", content: "" },
          { path: "tmp", directory: true, mode: 0o1777 },
        ],
      },
    ],
    entrypoint: ["/usr/sbin/haproxy"],
    command: ["-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
    user: `${HAPROXY_UID}:${HAPROXY_UID}`,
    // As the original: sessions end, then the program.
    stopSignal: "SIGUSR1",
    ports: [9443],
  };
}
