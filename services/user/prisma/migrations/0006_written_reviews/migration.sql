-- What was reviewed, and is not asked for any more: also when the review was taken back, since there is one for each right.
-- It may be heard of before the right. A rebuild adds what is missing, and there is nothing that it would take away.
CREATE TABLE written_review (
  subject_id uuid PRIMARY KEY,
  review_id uuid NOT NULL
);
