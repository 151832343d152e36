DROP TABLE seen_v1; DROP TABLE thing;
