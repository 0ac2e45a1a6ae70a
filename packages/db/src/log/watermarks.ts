import type { DataSource } from 'typeorm';
import { createLogWatermark, type LogWatermark } from './watermark';

const WATERMARKS = new WeakMap<DataSource, LogWatermark>();

/** The watermark that readers of a DataSource share unless they are given another one. */
export function watermarkOf(dataSource: DataSource): LogWatermark {
  let watermark = WATERMARKS.get(dataSource);
  if (watermark === undefined) {
    watermark = createLogWatermark();
    WATERMARKS.set(dataSource, watermark);
  }
  return watermark;
}
