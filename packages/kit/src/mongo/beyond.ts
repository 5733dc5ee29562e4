import mongoose from 'mongoose';
import type { TimeKeyset } from '../pages.js';

/**
 * The filter of a page that goes on after a row, in the order of a time and then of _id; of the first page, none. `$lt` is for the newest first.
 *
 *     holds.find({ releaseTime: null, ...beyond('createTime', '$lt', after) }).sort({ createTime: -1, _id: -1 })
 */
export const beyond = <F extends string>(field: F, operator: '$lt' | '$gt', after: TimeKeyset | undefined) =>
  after && {
    $or: [
      { [field]: mongoose.trusted({ [operator]: after.time }) },
      { [field]: after.time, _id: mongoose.trusted({ [operator]: after.id }) },
    ] as object[],
  };
