// Attest: a CycloneDX SBOM as syft writes it, made the same bytes each time (RT-8, RT-9). Pure.
import { createHash } from "node:crypto";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";

const license = z.looseObject({
  license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
  expression: z.string().optional(),
});
const component = z.looseObject({
  "bom-ref": z.string().optional(),
  type: z.string(),
  name: z.string(),
  version: z.string().optional(),
  purl: z.string().optional(),
  licenses: z.array(license).optional(),
});
export type Component = z.output<typeof component>;

const dependency = z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() });

/** As much of CycloneDX as is read here; all the rest is kept as it is. */
export const bom = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string(),
  metadata: z.looseObject({ component: component.optional() }),
  components: z.array(component).default([]),
  dependencies: z.array(dependency).optional(),
});
export type Bom = z.output<typeof bom>;

/** What an SBOM is of. */
export interface BomSubject {
  repository: string;
  /** `sha256:…` of the image's manifest. */
  digest: string;
  /** RFC 3339; the release's, so that two makings say the same. */
  createdAt: string;
}

/**
 * Reads what syft printed, and takes out what differs between two runs over one image: the serial number, the time, the path
 * of the directory that was read, and the order of what was found at once.
 * @throws Failure if it is no CycloneDX
 */
export function normaliseBom(text: string, subject: BomSubject): Bom {
  const found = bom.safeParse(json(text));
  if (!found.success) {
    const [issue] = found.error.issues;
    throw new Failure(
      `The SBOM of ${subject.repository} is not CycloneDX as it is known here (${issue?.path.join(".")}: ${issue?.message})`,
      "Look whether syft is the one of the toolchain: `npx palisade doctor`",
    );
  }
  const { serialNumber: _, metadata, components, dependencies, ...rest } = found.data;
  const self = `${subject.repository}@${subject.digest}`;
  // syft names the image after the directory it lay in, and its dependencies by that name.
  const named = (ref: string) => (ref === metadata.component?.["bom-ref"] ? self : ref);
  return {
    ...rest,
    serialNumber: serialNumber(self),
    metadata: {
      ...metadata,
      timestamp: subject.createdAt,
      component: { "bom-ref": self, type: "container", name: subject.repository, version: subject.digest },
    },
    components: [...components].sort(by(key)),
    ...(dependencies && {
      dependencies: dependencies
        .map(({ ref, dependsOn, ...more }) => ({
          ...more,
          ref: named(ref),
          ...(dependsOn && { dependsOn: dependsOn.map(named).sort() }),
        }))
        .sort(by(({ ref }) => ref)),
    }),
  };
}

/** Licences of a component, as identifiers, names or an expression. */
export function licencesOf({ licenses = [] }: Component): string[] {
  const names = licenses.map(each => each.expression ?? each.license?.id ?? each.license?.name ?? "");
  return [...new Set(names.filter(Boolean))].sort();
}

const key = (each: Component) => [each.type, each.name, each.version ?? "", each["bom-ref"] ?? ""].join("\0");

const by =
  <Item>(name: (item: Item) => string) =>
  (left: Item, right: Item) =>
    name(left) < name(right) ? -1 : name(left) > name(right) ? 1 : 0;

/** A UUID (version 8, RFC 9562) of what the SBOM is of, in place of a random one. */
function serialNumber(self: string): string {
  const hash = createHash("sha256").update(self).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
