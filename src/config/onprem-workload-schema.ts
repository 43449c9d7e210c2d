// Config: what a stack on a customer's cluster says about its workloads: images, overrides, databases of the customer's own.
import { z } from "zod";
import { postgres } from "../workload/state";
import { certificatePem, certificatePemAllowed, cidr, cidrAllowed, field, subject } from "./fields";
import { frontendOrigin, images, services, tenants } from "./workload-schema";

const store = z.strictObject({
  storageGiB: field(postgres.shape.storageGiB, {
    is: "Storage of the bundled database in place of the specification's; it can grow, never shrink.",
    unit: "GiB",
    controls: ["SA-4"],
  }).optional(),
  cpuMillicores: field(z.int().min(50).max(64_000), {
    is: "CPU of the bundled database; 500 unless told, for vectors 1000.",
    unit: "thousandths of a core",
    controls: ["SA-4"],
  }).optional(),
  memoryMiB: field(z.int().min(256).max(524_288), {
    is: "Memory of the bundled database; 1024 unless told, for vectors 2048.",
    unit: "MiB",
    controls: ["SA-4"],
  }).optional(),
  external: field(
    z.strictObject({
      host: field(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/), {
        is: "Its host name, as its certificate has it.",
        controls: ["SA-6"],
        allowed: "a host name, such as postgres.example.com",
      }),
      port: field(z.int().min(1).max(65_535), { is: "Its port.", controls: ["SA-9"] }).default(5432),
      ranges: field(z.array(field(cidr, { is: "One range.", allowed: cidrAllowed })).min(1), {
        is: "Ranges its addresses lie in: a policy knows no names.",
        controls: ["SA-9"],
        allowed: "a list of at least one IPv4 range",
      }),
      certificateAuthority: field(certificatePem, {
        is: "Authority its certificate is checked by.",
        controls: ["SA-6"],
        allowed: certificatePemAllowed,
      }),
    }),
    {
      is: "Database of the customer's own in place of the bundled one; its password is a secret of the workload.",
      controls: ["SA-4", "SA-5"],
    },
  ).optional(),
});

const subjects = (is: string) =>
  field(z.array(field(subject, { is: "One name.", allowed: "a name as the API server knows it" })).max(10), {
    is,
    controls: ["CP-11"],
    allowed: "a list of at most ten names",
  }).default([]);

export const onpremWorkload = z.strictObject({
  images,
  services,
  postgres: field(store, { is: "User database: bundled unless told.", controls: ["SA-4"] }).optional(),
  vectors: field(store, { is: "Vector database: bundled unless told.", controls: ["SA-5"] }).optional(),
  tenants,
  frontendOrigin,
  approvers: field(
    z.strictObject({
      users: subjects("Users of the cluster's own identity provider."),
      groups: subjects("Groups of it."),
    }),
    {
      is: "People of whom one must approve what the workload's approvals hold back.",
      controls: ["CP-11"],
      allowed: "a mapping with users, groups or both",
    },
  ).optional(),
});
