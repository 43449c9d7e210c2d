// Images for tests: all are made before the first test, which then spends none of its time limit on building.
import { during } from "../../toolchain/progress";
import { referenceImages } from "../services/images";
import { thirdPartyImages } from "./third-party";

export async function setup(): Promise<void> {
  await during("images for tests: making, or finding in the cache", async () => {
    await thirdPartyImages();
    await referenceImages();
  });
}
