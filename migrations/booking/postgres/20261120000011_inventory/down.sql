DROP TABLE leg_news;
DROP TABLE group_block;
DROP TABLE leg_class;
DROP TABLE leg_cabin;
