const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether a URL stays on this machine: there, and only there, it may go without TLS. */
export const isLoopback = ({ hostname }: Pick<URL, 'hostname'>): boolean => LOOPBACK.has(hostname);
