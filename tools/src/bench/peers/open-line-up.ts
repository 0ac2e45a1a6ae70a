import type { Contender } from './line-up';
import { type LayerProcess, openLayerProcess } from './open-layer-process';

/** Layers that are open together. */
export interface LineUp extends AsyncDisposable {
  readonly layers: readonly LayerProcess[];
}

/** All of them are open, each in a process of its own; or none is. */
export async function openLineUp(
  contenders: readonly Contender[],
  options: Parameters<typeof openLayerProcess>[1],
): Promise<LineUp> {
  const layers: LayerProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
  };
  try {
    for (const contender of contenders) layers.push(await openLayerProcess(contender, options));
  } catch (error) {
    await close();
    throw error;
  }
  return { layers, [Symbol.asyncDispose]: close };
}
