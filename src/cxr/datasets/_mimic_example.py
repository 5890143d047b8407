"""MIMIC's example: invented patients, in the exact form of the published tables."""

from typing import Final

from cxr.datasets import Example
from cxr.datasets._mimic_labels import CHEXPERT

# Invented, ids too; the oddities of the real tables once each.
_IDS: Final = tuple(
    f"{n:08x}-0badcafe-00c0ffee-deadbeef-{n * 0x01010101:08x}" for n in (1, 2, 3, 4, 5, 6, 7, 8)
)
_FINDINGS_HEAD: Final = ",".join(one.published for one in CHEXPERT.findings)
EXAMPLE = Example(
    tables={
        "mimic-cxr-2.0.0-metadata.csv": (
            "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,"
            "StudyTime,ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,"
            "PatientOrientationCodeSequence_CodeMeaning\n"
            f"{_IDS[0]},10000001,50000001,CHEST (PA AND LAT),PA,3056,2544,21500101,213014.53100000002,"
            "CHEST (PA AND LAT),postero-anterior,Erect\n"
            f"{_IDS[1]},10000001,50000001,CHEST (PA AND LAT),LATERAL,3056,2544,21500101,213014.531,"
            "CHEST (PA AND LAT),lateral,Erect\n"
            f"{_IDS[2]},10000001,50000002,CHEST (PORTABLE AP),AP,2705,2539,21500203,80556.875,"
            "CHEST (PORTABLE AP),antero-posterior,\n"
            f"{_IDS[3]},10000002,50000003,,,2544,3056,21600704,512.0,,,\n"
            f"{_IDS[4]},10000002,50000004,CHEST (PORTABLE AP),AP SWIVEL,2544,3056,21600705,0.0,,,\n"
            f"{_IDS[5]},19000003,50000005,CHEST (PA AND LAT),,2544,3056,21990801,235959.999,"
            ",left lateral,Erect\n"
            f"{_IDS[5]},19000003,50000005,CHEST (PA AND LAT),LL,2544,3056,21990801,235959.999,"
            ",left lateral,Erect\n"
            f"{_IDS[6]},19000003,50000001,CHEST (PA AND LAT),PA,2544,3056,21990801,120000.0,,,Erect\n"
        ),
        "mimic-cxr-2.0.0-split.csv": (
            "dicom_id,study_id,subject_id,split\n"
            f"{_IDS[0]},50000001,10000001,train\n{_IDS[1]},50000001,10000001,train\n"
            f"{_IDS[2]},50000002,10000001,train\n{_IDS[3]},50000003,10000002,test\n"
            f"{_IDS[4]},50000004,10000002,test\n{_IDS[5]},50000005,19000003,validate\n"
        ),
        "mimic-cxr-2.0.0-chexpert.csv": (
            f"subject_id,study_id,{_FINDINGS_HEAD}\n"
            "10000001,50000001,,,,,,,,,1.0,,,,,\n"
            "10000001,50000002,1.0,,,0.0,,,,-1.0,,1.0,,-1.0,0.0,1.0\n"
            "10000002,50000003,,,,,,,,,,,,,,\n"
            "19000003,50000005,,1.0,0.5,,,,,,,,,,,\n"
        ),
        "mimic-cxr-2.0.0-negbio.csv": (
            f"subject_id,study_id,{_FINDINGS_HEAD}\n"
            "10000001,50000001,,,,,,,,,1.0,,,,,\n"
            "10000001,50000002,1.0,,,0.0,,,,1.0,,1.0,,,0.0,1.0\n"
            "10000002,50000003,,,,,,,,,,,,,,1.0\n"
            "19000003,50000005,,1.0,,,,,,,,,,,,\n"
        ),
        "mimic-cxr-2.1.0-test-set-labeled.csv": (
            "study_id,Support Devices,Airspace Opacity,Atelectasis,Cardiomegaly,Consolidation,Edema,"
            "Enlarged Cardiomediastinum,Fracture,Lung Lesion,No Finding,Pleural Effusion,Pleural Other,"
            "Pneumonia,Pneumothorax\n"
            "50000003,1.0,-1.0,,,,,,,,,0.0,,,\n"
        ),
        "cxr-record-list.csv": (
            "subject_id,study_id,dicom_id,path\n"
            f"10000001,50000001,{_IDS[0]},files/p10/p10000001/s50000001/{_IDS[0]}.dcm\n"
            f"10000002,50000003,{_IDS[3]},files/p10/p10000002/s50000003/{_IDS[3]}.dcm\n"
        ),
        "cxr-study-list.csv": (
            "subject_id,study_id,path\n10000001,50000001,files/p10/p10000001/s50000001.txt\n"
        ),
        "files/p10/p10000001/s50000001.txt": (
            "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
            " INDICATION:  ___ year old who fell from a ladder.\n \n FINDINGS: \n \n"
            " Both lungs are clear. The heart is of normal size.\n \n IMPRESSION: \n \n No sign of disease.\n"
        ),
    },
    files=(
        f"files/p10/p10000001/s50000001/{_IDS[0]}.jpg",
        f"files/p10/p10000001/s50000001/{_IDS[1]}.jpg",
        f"files/p10/p10000001/s50000002/{_IDS[2]}.jpg",
        f"files/p10/p10000002/s50000003/{_IDS[3]}.jpg",
        f"files/p10/p10000002/s50000004/{_IDS[4]}.jpg",
        f"files/p19/p19000003/s50000005/{_IDS[5]}.jpg",
    ),
    images=6,
)
