// What the story is made of: the JSON files beside the code.

import { readdir, readFile } from 'node:fs/promises';

export interface RewardData {
  readonly title: string;
  readonly description: string;
  /** In won. */
  readonly price: number;
  readonly stock?: number;
  /** 0: no limit. */
  readonly limitPerBacker: number;
  /** After the close. */
  readonly deliveryMonths: number;
  readonly ships: boolean;
  /** Everybody wants it in the last hour. */
  readonly lastMinuteRush?: boolean;
}

export interface ProjectData {
  readonly seller: string;
  readonly title: string;
  readonly summary: string;
  readonly category: string;
  readonly kind: 'ALL_OR_NOTHING' | 'KEEP_WHAT_YOU_RAISE';
  /** In won, for the 300 backers of scale 1. */
  readonly goal: number;
  readonly durationDays: number;
  /** How likely a backer picks it, beside the others. */
  readonly popularity: number;
  /** Paragraphs. */
  readonly story: readonly string[];
  readonly imageUrls: readonly string[];
  readonly rewards: readonly RewardData[];
}

/** Something that is there, in the shop. */
export interface ProductData {
  /** By place in sellers.json. */
  readonly seller: number;
  readonly title: string;
  readonly category: string;
  readonly description: string;
  /** What one chooses of it: a variant for each value. */
  readonly option?: { readonly name: string; readonly values: readonly string[] };
  /** In won. */
  readonly price: number;
  readonly compareAt?: number;
  /** Of each variant. */
  readonly stock: number;
  readonly everybodyWantsIt?: boolean;
}

export interface SellerData {
  readonly key: string;
  readonly companyName: string;
  readonly businessNumber: string;
  readonly representative: string;
  readonly settlementAccount: { readonly bankCode: string; readonly accountNumber: string; readonly holderName: string };
}

export interface BehaviourData {
  readonly name: string;
  readonly share: number;
  readonly story: string;
  /** The test card of the provider; plain if absent. */
  readonly card?: { readonly kind: string; readonly parameter?: number };
}

export interface NameData {
  readonly surnames: readonly string[];
  readonly givenNames: readonly string[];
  readonly streets: readonly string[];
}

/** What people say about projects. */
export interface TalkData {
  readonly questions: readonly string[];
  readonly answers: readonly string[];
  readonly cheers: readonly string[];
  readonly typo: { readonly text: string; readonly edited: string };
  /** Said, and deleted by its author. */
  readonly takenBack: string;
}

/** What people think of what they bought. */
export interface ReviewData {
  readonly good: readonly string[];
  readonly fair: readonly string[];
  readonly poor: readonly string[];
  readonly edited: string;
  readonly replies: readonly string[];
  /** What a moderator hides. */
  readonly spam: string;
  readonly complaint: string;
  /** Where photos lie. */
  readonly photo: string;
}

export interface StoryData {
  readonly projects: readonly ProjectData[];
  readonly sellers: readonly SellerData[];
  readonly products: readonly ProductData[];
  readonly backers: number;
  readonly behaviours: readonly BehaviourData[];
  readonly names: NameData;
  readonly talk: TalkData;
  readonly reviews: ReviewData;
}

const folder = new URL('../../data/', import.meta.url);

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, folder), 'utf8')) as T;
}

export async function readStory(): Promise<StoryData> {
  const files = (await readdir(new URL('projects/', folder))).filter((name) => name.endsWith('.json')).sort();
  const { backers, shares } = await readJson<{ backers: number; shares: BehaviourData[] }>('behaviours.json');
  return {
    projects: await Promise.all(files.map((name) => readJson<ProjectData>(`projects/${name}`))),
    sellers: await readJson<SellerData[]>('sellers.json'),
    products: await readJson<ProductData[]>('products.json'),
    backers,
    behaviours: shares,
    names: await readJson<NameData>('names.json'),
    talk: await readJson<TalkData>('talk.json'),
    reviews: await readJson<ReviewData>('reviews.json'),
  };
}
