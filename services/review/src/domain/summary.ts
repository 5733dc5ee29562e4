// All ratings of a target. Made anew from the reviews each time, never added to.
const STARS = [1, 2, 3, 4, 5] as const;

export interface Ratings {
  /** How many gave 1, 2, 3, 4 and 5 stars. */
  readonly counts: readonly number[];
  readonly withPhotosCount: number;
}

export const NO_RATINGS: Ratings = { counts: STARS.map(() => 0), withPhotosCount: 0 };

/** From how many reviews there are of each number of stars, with photos and without. */
export function ratingsOf(rows: readonly { readonly rating: number; readonly hasPhotos: boolean; readonly count: number }[]): Ratings {
  const sumOf = (some: typeof rows) => some.reduce((sum, { count }) => sum + count, 0);
  return {
    counts: STARS.map((stars) => sumOf(rows.filter(({ rating }) => rating === stars))),
    withPhotosCount: sumOf(rows.filter(({ hasPhotos }) => hasPhotos)),
  };
}

export const countOf = ({ counts }: Ratings): number => counts.reduce((sum, count) => sum + count, 0);

/** In hundredths of a star, rounded half up; 0 without reviews. */
export function averageHundredths(ratings: Ratings): number {
  const count = countOf(ratings);
  if (count === 0) return 0;
  const stars = ratings.counts.reduce((sum, many, nth) => sum + many * (nth + 1), 0);
  // Whole numbers all the way: half of an odd number is exact in binary.
  return Math.floor((stars * 200 + count) / (count * 2));
}

export const sameRatings = (a: Ratings, b: Ratings): boolean =>
  a.withPhotosCount === b.withPhotosCount && a.counts.every((count, nth) => count === b.counts[nth]);
