// What points do, in memory and as plainly as it can be said: the model that the service is compared with. Its time is days since the beginning;
// within a day whatever came first expires first.

export interface Lot {
  readonly number: number;
  readonly expireDay: number;
  left: bigint;
}

interface Hold {
  readonly person: Person | undefined;
  readonly amount: bigint;
  readonly expireDay: number | undefined;
  readonly parts: { readonly lot: Lot; readonly amount: bigint; returned: bigint }[];
  readonly returns: Map<string, bigint>;
  state: 'HELD' | 'CAPTURED' | 'RELEASED';
}

export interface Person {
  readonly lots: Lot[];
  /** "<kind> <amount>", oldest first. */
  readonly entries: string[];
  balance: bigint;
  held: bigint;
  owed: bigint;
  isClosed: boolean;
}

interface Earning {
  readonly amount: bigint;
  readonly lot: Lot | undefined;
  isBack: boolean;
}

const LAST_DAYS = 365;
const RETURNED_LAST_DAYS = 30;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

/** Each function gives what the caller is told: 'done', what was spent, or the reason of a refusal. */
export function openModel() {
  const people: Person[] = [];
  const holds = new Map<string, Hold>();
  const earnings = new Map<string, Earning>();
  let day = 0;
  let lotNumber = 0;

  const byExpiry = (a: Lot, b: Lot) => a.expireDay - b.expireDay || a.number - b.number;
  const available = ({ balance, held }: Person) => balance - held;

  function write(person: Person, kind: string, amount: bigint): void {
    person.balance += amount;
    person.entries.push(`${kind} ${amount}`);
  }

  function addLot(person: Person, amount: bigint, expireDay: number): Lot {
    const lot = { number: lotNumber++, expireDay, left: amount };
    person.lots.push(lot);
    return lot;
  }

  function expireDue(person: Person): void {
    const due = person.lots.filter(({ left, expireDay }) => left > 0n && expireDay <= day);
    const expired = sum(due.map(({ left }) => left));
    for (const lot of due) lot.left = 0n;
    if (expired > 0n) write(person, 'EXPIRED', -expired);
  }

  function take(person: Person, wanted: bigint, preferred?: Lot): { lot: Lot; amount: bigint; returned: bigint }[] {
    const inOrder = person.lots.toSorted(byExpiry);
    let missing = wanted;
    return [...inOrder.filter((lot) => lot === preferred), ...inOrder.filter((lot) => lot !== preferred)].flatMap((lot) => {
      const amount = least(lot.left, missing);
      lot.left -= amount;
      missing -= amount;
      return amount > 0n ? [{ lot, amount, returned: 0n }] : [];
    });
  }

  function settle(person: Person): void {
    expireDue(person);
    const taken = person.isClosed ? available(person) : least(available(person), person.owed);
    if (taken === 0n) return;
    take(person, taken);
    if (!person.isClosed) person.owed -= taken;
    write(person, person.isClosed ? 'FORFEITED' : 'CLAWED_BACK', -taken);
  }

  function release(holder: string): string {
    const hold = holds.get(holder);
    if (!hold) {
      holds.set(holder, { person: undefined, amount: 0n, expireDay: undefined, parts: [], returns: new Map(), state: 'RELEASED' });
    } else if (hold.state === 'HELD') {
      expireDue(hold.person!);
      hold.state = 'RELEASED';
      for (const { lot, amount } of hold.parts) lot.left += amount;
      hold.person!.held -= hold.amount;
      settle(hold.person!);
    }
    return 'done';
  }

  return {
    person(): Person {
      const person: Person = { lots: [], entries: [], balance: 0n, held: 0n, owed: 0n, isClosed: false };
      people.push(person);
      return person;
    },
    today: () => day,
    grant(person: Person, amount: bigint, expireDay: number): string {
      if (person.isClosed) return 'ACCOUNT_CLOSED';
      addLot(person, amount, expireDay);
      write(person, 'GRANTED', amount);
      settle(person);
      return 'done';
    },
    earn(person: Person, source: string, amount: bigint): string {
      if (amount === 0n || earnings.has(source)) return 'done';
      earnings.set(source, { amount, lot: addLot(person, amount, day + LAST_DAYS), isBack: false });
      write(person, 'EARNED', amount);
      settle(person);
      return 'done';
    },
    clawBack(person: Person, source: string): string {
      const earning = earnings.get(source);
      if (!earning) earnings.set(source, { amount: 0n, lot: undefined, isBack: true });
      if (!earning || earning.isBack) return 'done';
      earning.isBack = true;
      const taken = least(available(person), earning.amount);
      person.owed += earning.amount - taken;
      if (taken > 0n) {
        take(person, taken, earning.lot);
        write(person, 'CLAWED_BACK', -taken);
      }
      return 'done';
    },
    hold(person: Person, holder: string, amount: bigint, expireDay: number | undefined): string {
      const held = holds.get(holder);
      if (held?.state === 'RELEASED') return 'HOLDER_RELEASED';
      if (held) return held.person === person && held.amount === amount && held.expireDay === expireDay ? 'done' : 'HOLDER_DIFFERS';
      if (available(person) < amount) return 'POINTS_NOT_ENOUGH';
      holds.set(holder, { person, amount, expireDay, parts: take(person, amount), returns: new Map(), state: 'HELD' });
      person.held += amount;
      return 'done';
    },
    capture(holder: string): string {
      const hold = holds.get(holder);
      if (hold?.state === 'HELD') {
        hold.state = 'CAPTURED';
        hold.person!.held -= hold.amount;
        write(hold.person!, 'SPENT', -hold.amount);
      }
      return `spent ${hold?.state === 'CAPTURED' ? hold.amount : 0n}`;
    },
    release,
    giveBack(holder: string, request: string, amount: bigint): string {
      const hold = holds.get(holder);
      const before = hold?.returns.get(request);
      if (before !== undefined) return before === amount ? 'done' : 'REQUEST_ID_REUSED';
      const spent = hold?.state === 'CAPTURED' ? hold.amount - sum([...hold.returns.values()]) : 0n;
      if (amount > spent) return 'POINTS_RETURN_TOO_LARGE';
      hold!.returns.set(request, amount);
      let missing = amount;
      let fromExpired = 0n;
      for (const part of hold!.parts.toSorted((a, b) => byExpiry(b.lot, a.lot))) {
        const given = least(part.amount - part.returned, missing);
        part.returned += given;
        missing -= given;
        if (part.lot.expireDay <= day) fromExpired += given;
        else part.lot.left += given;
      }
      if (fromExpired > 0n) addLot(hold!.person!, fromExpired, day + RETURNED_LAST_DAYS);
      write(hold!.person!, 'RETURNED', amount);
      settle(hold!.person!);
      return 'done';
    },
    close(person: Person): string {
      person.isClosed = true;
      settle(person);
      return 'done';
    },
    shift(days: number): void {
      day += days;
      for (const person of people) expireDue(person);
      const due = [...holds].filter(([, { state, expireDay }]) => state === 'HELD' && expireDay !== undefined && expireDay <= day);
      for (const [holder] of due.toSorted(([, a], [, b]) => a.expireDay! - b.expireDay!)) release(holder);
    },
    /** What is to be seen of a person. */
    shows: (person: Person) => ({
      available: available(person),
      held: person.held,
      owed: person.owed,
      lots: person.lots
        .filter(({ left }) => left > 0n)
        .toSorted(byExpiry)
        .map(({ left }) => left),
      entries: person.entries,
    }),
  };
}
