import type { Nats } from './events/nats.js';

/** What copies of a service tell each other, at once and without keeping it: who is away misses it. By core NATS. */
export interface Live {
  publish(key: string, payload: Uint8Array): void;
  /** Until the function that it gives is called. */
  subscribe(key: string, heard: (payload: Uint8Array) => void): () => void;
}

export const openLive = ({ connection, subjects }: Nats, service: string): Live => ({
  publish: (key, payload) => connection.publish(subjects.liveOf(service, key), payload),
  subscribe(key, heard) {
    const subscription = connection.subscribe(subjects.liveOf(service, key), { callback: (_, { data }) => heard(data) });
    return () => subscription.unsubscribe();
  },
});
