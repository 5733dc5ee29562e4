// What copies tell each other of a room: entries as readers get them, one after the other, each with its length in front.
const LENGTH_BYTES = 4;

export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  const whole = Buffer.allocUnsafe(frames.reduce((size, { length }) => size + LENGTH_BYTES + length, 0));
  let offset = 0;
  for (const frame of frames) {
    offset = whole.writeUInt32BE(frame.length, offset);
    whole.set(frame, offset);
    offset += frame.length;
  }
  return whole;
}

export function splitFrames(whole: Uint8Array): Uint8Array[] {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const frames: Uint8Array[] = [];
  for (let offset = 0; offset < whole.length; ) {
    const start = offset + LENGTH_BYTES;
    offset = start + view.getUint32(offset);
    frames.push(whole.subarray(start, offset));
  }
  return frames;
}
