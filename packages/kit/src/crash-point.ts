// Named points at which a test may kill the process, as a power cut would: MOA_CRASH_AT=relay.published
const crashAt = process.env['MOA_CRASH_AT'];

/** Ends the process here, without any goodbye, if it was started with this name in MOA_CRASH_AT. */
export function crashPoint(name: string): void {
  if (name === crashAt) process.kill(process.pid, 'SIGKILL');
}
