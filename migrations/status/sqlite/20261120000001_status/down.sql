DROP TABLE telling;
DROP TABLE stray;
DROP TABLE taken;
DROP TABLE leg;
