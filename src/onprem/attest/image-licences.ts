// Attest: the licences of what the images hold, by package, as far as their SBOMs tell. Pure.
import { type Bom, licencesOf } from "./bom";
import { packagesOf } from "./sbom-page";

/** Text for `licenses/images.txt`: each licence, then the packages under it and the images they are in. */
export function imageLicencesText(images: readonly { repository: string; bom: Bom }[]): string {
  const byLicence = new Map<string, Map<string, Set<string>>>();
  for (const { repository, bom } of images)
    for (const component of packagesOf(bom))
      for (const licence of named(licencesOf(component))) {
        const packages = entry(byLicence, licence, () => new Map<string, Set<string>>());
        const label = oneLine([component.name, component.version].filter(Boolean).join(" "));
        entry(packages, label, () => new Set<string>()).add(repository);
      }
  const parts = sorted(byLicence).map(
    ([licence, packages]) =>
      `${licence}\n${sorted(packages)
        .map(([label, repositories]) => `  ${label} (${[...repositories].sort().join(", ")})`)
        .join("\n")}\n`,
  );
  return `Licences of the packages in the images, as their SBOMs name them. The texts lie in the images, where their makers kept
them: of a Debian package in /usr/share/doc/PACKAGE/copyright. A static program holds none; its modules are named here.

${parts.join("\n")}`;
}

const named = (licences: readonly string[]) => (licences.length > 0 ? licences.map(oneLine) : ["(not named)"]);

/** Some packages give the whole text as their licence's name. */
const oneLine = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 200);

const sorted = <Value>(map: ReadonlyMap<string, Value>) => [...map].sort(([left], [right]) => (left < right ? -1 : 1));

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
