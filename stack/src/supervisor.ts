// Keeps many processes running: each starts when what it needs is ready, and stops after all that need it.
import { type Keeper, keep, type Status, type Unit } from './keeper.js';

export interface Supervisor {
  /** All are ready, or what was started is stopped again and the first failure is thrown. */
  startAll(): Promise<void>;
  stopAll(): Promise<void>;
  /** SIGKILL to all, for somebody who will not wait. */
  killAll(): Promise<void>;
  one(name: string): Keeper;
  status(): Status[];
}

/** Units are listed after what they need. */
export function supervise(units: readonly Unit[], say: (name: string, message: string) => void): Supervisor {
  const keepers = new Map(units.map((unit) => [unit.name, keep(unit, (message) => say(unit.name, message))]));
  const one = (name: string): Keeper => {
    const keeper = keepers.get(name);
    if (keeper) return keeper;
    throw Object.assign(new Error(`no unit ${name}`), {
      explained: `There is no "${name}" here. There are: ${[...keepers.keys()].join(', ')}.`,
    });
  };

  let stopping = false;
  const stopAll = async () => {
    stopping = true;
    const stops = new Map<string, Promise<void>>();
    for (const { name } of units.toReversed()) {
      const users = units.filter(({ needs }) => needs.includes(name)).map((user) => stops.get(user.name));
      stops.set(
        name,
        Promise.all(users).then(() => one(name).stop()),
      );
    }
    await Promise.all(stops.values());
  };

  return {
    async startAll() {
      const starts = new Map<string, Promise<void>>();
      stopping = false;
      for (const { name, needs } of units) {
        starts.set(
          name,
          Promise.all(needs.map((need) => starts.get(need))).then(() => (stopping ? undefined : one(name).start())),
        );
      }
      try {
        await Promise.all(starts.values());
      } catch (error) {
        await stopAll();
        await Promise.allSettled(starts.values());
        throw error;
      }
    },
    stopAll,
    killAll: async () => void (await Promise.all([...keepers.values()].map((keeper) => keeper.kill()))),
    one,
    status: () => [...keepers.values()].map((keeper) => keeper.status()),
  };
}
